"""What happens when how much of which data has been used."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


class Scope(models.TextChoices):
    DOMESTIC = "domestic", _("Domestic")
    ROAMING = "roaming", _("Roaming")
    TOTAL = "total", _("Total")
    ZONE = "zone", _("One zone")
    POOL = "pool", _("Pool")


class Measure(models.TextChoices):
    PERCENT = "percent", _("Percent of the cap")
    BYTES = "bytes", _("Volume used")
    REMAINING = "remaining", _("Volume left")
    MONEY = "money", _("Money")


class Period(models.TextChoices):
    CYCLE = "cycle", _("Billing cycle")
    DAY = "day", _("Day")


@keep_history()
class Policy(TenantModel):
    """An ordered list of thresholds, given to a line, a plan or the whole tenant."""

    name = models.CharField(_("Name"), max_length=80)
    is_default = models.BooleanField(
        _("Policy of the tenant"),
        default=False,
        help_text=_("Holds for lines for which neither line nor plan names a policy."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="policy_name_once",
                violation_error_message=_("Another policy already has this name."),
            ),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(is_default=True), name="policy_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@keep_history()
class Threshold(TenantModel):
    """`value` is in the measure's own unit: percent, bytes, bytes left, or money."""

    policy = TenantForeignKey("usage.Policy", on_delete=models.CASCADE, related_name="thresholds")
    position = models.PositiveSmallIntegerField(default=1)
    scope = models.CharField(_("Scope"), max_length=10, choices=Scope.choices)
    zone = models.CharField(
        _("Zone"),
        max_length=60,
        blank=True,
        default="",
        db_comment="Name of the zone, of whichever plan the line has; only with the scope zone",
    )
    measure = models.CharField(_("Measure"), max_length=10, choices=Measure.choices)
    period = models.CharField(
        _("Period"), max_length=10, choices=Period.choices, default=Period.CYCLE
    )
    value = models.DecimalField(
        _("Value"), max_digits=22, decimal_places=3, validators=[MinValueValidator(0)]
    )
    grace_seconds = models.PositiveIntegerField(_("Grace (seconds)"), default=0)
    notify_user = models.BooleanField(_("Notify the user"), default=False)
    notify_manager = models.BooleanField(_("Notify the manager"), default=False)
    notify_role = models.CharField(_("Notify a role"), max_length=40, blank=True)
    block_roaming = models.BooleanField(_("Block roaming data"), default=False)
    block_cellular = models.BooleanField(_("Block cellular data"), default=False)

    class Meta:
        verbose_name = _("threshold")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "policy", "position"],
                deferrable=models.Deferrable.DEFERRED,
                name="threshold_position_once",
            ),
            models.CheckConstraint(
                name="threshold_value_not_negative", condition=models.Q(value__gte=0)
            ),
            models.CheckConstraint(
                name="threshold_zone_has_name",
                condition=(models.Q(scope="zone") & ~models.Q(zone=""))
                | (~models.Q(scope="zone") & models.Q(zone="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope_label} {self.value:f} {self.get_measure_display()}"

    @property
    def scope_label(self) -> str:
        """The scope, or the name of the zone that it is."""
        return self.zone or str(self.get_scope_display())

    @property
    def grace_minutes(self) -> int:
        return -(-self.grace_seconds // 60)
