"""Why a device is to be restricted; the union of the reasons is its desired state."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel

MANUAL = "manual"
"""Origin of a restriction set by hand. Connectors use `connector:<id>`."""


class Restriction(models.TextChoices):
    """What can be taken from a device; on iOS cellular data binds managed apps only."""

    CELLULAR_DATA = "cellular_data", _("Cellular data")
    ROAMING_DATA = "roaming_data", _("Roaming data")


class RestrictionReason(TenantModel):
    """One reason of one origin. `line_id` is the number of the line it came from, if any."""

    device = TenantForeignKey("devices.Device", on_delete=models.PROTECT, related_name="reasons")
    restriction = models.CharField(max_length=20, choices=Restriction.choices)
    origin = models.CharField(max_length=40)
    line_id = models.BigIntegerField(null=True)
    sentence = models.CharField(max_length=500, blank=True)
    set_by = models.ForeignKey(
        "tenants.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    since = models.DateTimeField()

    class Meta:
        verbose_name = _("reason of a restriction")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "device", "restriction", "origin", "line_id"],
                nulls_distinct=False,
                name="restriction_reason_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "origin", "line_id"], name="restriction_by_origin")
        ]

    def __str__(self) -> str:
        return f"{self.get_restriction_display()}: {self.origin}"
