"""Who gets which licence at the first sign-in to an app."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


@keep_history()
class AutoClaimSwitch(TenantModel):
    """Whether the tenant lets people claim licences at all; no row: off."""

    on = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("auto-claim setting")
        constraints = [models.UniqueConstraint(fields=["tenant"], name="auto_claim_switch_once")]

    def __str__(self) -> str:
        return "on" if self.on else "off"


class PolicyState(models.TextChoices):
    """As the list shows it: the feature's switch stands above the policy's own."""

    ON = "on", _("On")
    PAUSED = "paused", _("Paused by setting")
    OFF = "off", _("Off")


@keep_history()
class AutoClaimPolicy(TenantModel):
    """At most one enabled policy per app, so that a sign-in has one answer."""

    name = models.CharField(_("Policy name"), max_length=80)
    app = TenantForeignKey("licensing.App", on_delete=models.PROTECT, related_name="policies")
    enabled = models.BooleanField(default=True)
    reserve = models.PositiveIntegerField(
        _("Seats to keep free"), default=0, db_comment="Of each product"
    )
    daily_cap = models.PositiveIntegerField(_("Claims a day, at most"), null=True)
    default_country = models.CharField(
        _("Usage location where none is set"), max_length=2, blank=True
    )
    included = ArrayField(models.CharField(max_length=64), default=list)
    excluded = ArrayField(models.CharField(max_length=64), default=list)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("auto-claim policy")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="auto_claim_name_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "app"],
                condition=models.Q(enabled=True, deleted_at__isnull=True),
                name="auto_claim_one_enabled_per_app",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@keep_history()
class PolicyProduct(TenantModel):
    """Position 1 is the primary product, 2 to 5 back it up. `off`: service plans by name."""

    policy = TenantForeignKey(AutoClaimPolicy, on_delete=models.CASCADE, related_name="products")
    product = TenantForeignKey(
        "licensing.Product", on_delete=models.PROTECT, related_name="policies"
    )
    position = models.PositiveSmallIntegerField()
    off = ArrayField(models.CharField(max_length=100), default=list)

    class Meta:
        verbose_name = _("product of a policy")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "policy", "product"], name="policy_product_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "policy", "position"],
                deferrable=models.Deferrable.DEFERRED,
                name="policy_position_once",
            ),
            models.CheckConstraint(
                name="policy_position_one_to_five",
                condition=models.Q(position__gte=1, position__lte=5),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.product_id}"
