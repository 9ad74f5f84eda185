"""A product that was bought, its seats as last read, and the service plans in it."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


class Capability(models.TextChoices):
    """The state of a subscription, as Graph spells it."""

    ENABLED = "Enabled", _("Active")
    WARNING = "Warning", _("Expired")
    SUSPENDED = "Suspended", _("Disabled")
    DELETED = "Deleted", _("Deleted")
    LOCKED_OUT = "LockedOut", _("Locked out")


class Product(TenantModel):
    """One subscribed SKU. `consumed` may exceed `enabled`: seats can be taken back while in use."""

    sku_id = models.UUIDField()
    part_number = models.CharField(max_length=100)
    name = models.CharField(_("Product"), max_length=120)
    status = models.CharField(max_length=20, choices=Capability.choices)
    enabled = models.IntegerField(default=0)
    warning = models.IntegerField(default=0)
    suspended = models.IntegerField(default=0)
    locked_out = models.IntegerField(default=0)
    consumed = models.IntegerField(default=0)
    read_at = models.DateTimeField(db_comment="When the request of this reading began")

    class Meta:
        verbose_name = _("product")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sku_id"], name="product_once"),
            models.CheckConstraint(
                name="product_units_not_negative",
                condition=models.Q(
                    enabled__gte=0, warning__gte=0, suspended__gte=0, locked_out__gte=0,
                    consumed__gte=0,
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def overuse(self) -> int:
        """Seats in use beyond those that were bought."""
        return max(0, self.consumed - self.enabled)


class ServicePlan(TenantModel):
    """An app or service inside a product."""

    product = TenantForeignKey(Product, on_delete=models.CASCADE, related_name="plans")
    plan_id = models.UUIDField()
    name = models.CharField(max_length=100, db_comment="Graph's servicePlanName")
    label = models.CharField(max_length=120)

    class Meta:
        verbose_name = _("service plan")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "product", "plan_id"], name="plan_once")
        ]

    def __str__(self) -> str:
        return self.label


@keep_history()
class ProductPrice(TenantModel):
    """What a seat costs a month, as a person entered it: Graph has no prices."""

    product = TenantForeignKey(Product, on_delete=models.CASCADE, related_name="prices")
    amount = models.DecimalField(
        _("Price per seat and month"),
        max_digits=12,
        decimal_places=4,
        validators=[MinValueValidator(0)],
    )

    class Meta:
        verbose_name = _("price of a product")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "product"], name="product_price_once"),
            models.CheckConstraint(
                name="product_price_not_negative", condition=models.Q(amount__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.product_id}"
