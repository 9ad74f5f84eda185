"""What a line is entitled to in a billing cycle, and when that cycle begins."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


class CycleKind(models.TextChoices):
    MONTHLY = "monthly", _("Every month")
    DAYS = "days", _("Every so many days")
    DAILY = "daily", _("Every day")


@keep_history()
class Plan(TenantModel):
    """Caps are in bytes; an empty cap means that scope is not limited."""

    carrier = TenantForeignKey(
        "usage.Carrier",
        on_delete=models.PROTECT,
        related_name="plans",
        verbose_name=_("Carrier"),
    )
    name = models.CharField(_("Name"), max_length=80)
    domestic_cap = models.BigIntegerField(_("Domestic data cap"), null=True, blank=True)
    roaming_cap = models.BigIntegerField(_("Roaming data cap"), null=True, blank=True)
    overage_price = models.DecimalField(
        _("Overage price per MB"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    cycle_kind = models.CharField(
        _("Billing cycle"), max_length=10, choices=CycleKind.choices, default=CycleKind.MONTHLY
    )
    billing_day = models.PositiveSmallIntegerField(
        _("Billing day"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("Day of the month; in a shorter month, its last day."),
    )
    cycle_days = models.PositiveSmallIntegerField(
        _("Days in a cycle"),
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(366)],
    )
    first_day = models.DateField(
        _("First day of some cycle"),
        null=True,
        blank=True,
        help_text=_("Cycles of so many days are counted from here."),
    )
    policy = TenantForeignKey(
        "usage.Policy",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="plans",
        verbose_name=_("Policy"),
        help_text=_("Empty: the policy of the tenant."),
    )
    is_default = models.BooleanField(
        _("Default for the carrier"),
        default=False,
        help_text=_("New lines of the carrier get this plan."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("plan")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "carrier", "name"],
                name="plan_name_once",
                violation_error_message=_("The carrier already has a plan with this name."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "carrier"],
                condition=models.Q(is_default=True),
                name="plan_one_default",
                violation_error_message=_("The carrier already has a default plan."),
            ),
            models.CheckConstraint(
                name="plan_caps_not_negative",
                condition=(models.Q(domestic_cap__isnull=True) | models.Q(domestic_cap__gte=0))
                & (models.Q(roaming_cap__isnull=True) | models.Q(roaming_cap__gte=0)),
            ),
            models.CheckConstraint(
                name="plan_billing_day",
                condition=models.Q(billing_day__gte=1, billing_day__lte=31),
            ),
            models.CheckConstraint(
                name="plan_days_complete",
                condition=~models.Q(cycle_kind="days")
                | models.Q(cycle_days__isnull=False, first_day__isnull=False),
                violation_error_message=_(
                    "A cycle of so many days wants their number and a first day."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name
