"""The company that carries the lines of a tenant in one country."""

import zoneinfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantModel
from tenants.models.tenant import country_validator, validate_time_zone


class Source(models.TextChoices):
    """Whose figures: what the phone measured, or what the carrier bills."""

    AGENT = "agent", _("Device agent")
    CARRIER = "carrier", _("Carrier file")


@keep_history()
class Carrier(TenantModel):
    """Its time zone decides where a local day, and so a cycle, begins."""

    name = models.CharField(_("Name"), max_length=80)
    country = models.CharField(
        _("Country"),
        max_length=2,
        validators=[country_validator],
        help_text=_("Two letters, as in NL. Use here is domestic; use elsewhere is roaming."),
    )
    network_codes = models.CharField(
        _("Network codes"),
        max_length=200,
        blank=True,
        help_text=_("MCC-MNC, separated by spaces, as in 204-08 204-10."),
    )
    time_zone = models.CharField(
        _("Time zone"),
        max_length=64,
        validators=[validate_time_zone],
        help_text=_("Days and billing cycles begin at midnight here."),
    )
    drives_limits = models.CharField(
        _("Figures that drive limits"),
        max_length=10,
        choices=Source.choices,
        default=Source.CARRIER,
        help_text=_("Both are kept; limits follow one of them."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("carrier")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="carrier_name_once",
                violation_error_message=_("Another carrier already has this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)
