"""A customer organisation: the boundary that nothing crosses."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


def validate_time_zone(value: str) -> None:
    """Accept the names of the tz database, as `Europe/Amsterdam`."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("%(value)s is not a time zone; Europe/Amsterdam is an example of one."),
            params={"value": value},
        )


slug_validator = RegexValidator(
    r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
    _("Use lower-case letters, digits and hyphens, at most 40, as in contoso-nl."),
)
country_validator = RegexValidator(
    r"^[A-Z]{2}$", _("Use the two letters of the country, as in NL (ISO 3166-1).")
)
currency_validator = RegexValidator(
    r"^[A-Z]{3}$", _("Use the three letters of the currency, as in EUR (ISO 4217).")
)


class Cloud(models.TextChoices):
    """Which Microsoft cloud the tenant lives in."""

    SANDBOX = "sandbox", _("Sandbox")
    GLOBAL = "global", _("Global")
    US_GOVERNMENT = "us_government", _("US Government")
    CHINA = "china", _("China")


class Tenant(models.Model):
    """Not a tenant row itself: operators list these without seeing what is inside."""

    slug = models.CharField(_("Slug"), max_length=40, unique=True, validators=[slug_validator])
    name = models.CharField(_("Name"), max_length=120)
    time_zone = models.CharField(
        _("Time zone"), max_length=64, default="Europe/Amsterdam", validators=[validate_time_zone]
    )
    currency = models.CharField(
        _("Currency"), max_length=3, default="EUR", validators=[currency_validator]
    )
    home_country = models.CharField(
        _("Home country"), max_length=2, default="NL", validators=[country_validator]
    )
    retention_months = models.PositiveSmallIntegerField(
        _("Keep usage records for (months)"),
        default=24,
        validators=[MinValueValidator(13), MaxValueValidator(120)],
    )
    cloud = models.CharField(
        _("Microsoft cloud"), max_length=20, choices=Cloud.choices, default=Cloud.GLOBAL
    )
    created_at = models.DateTimeField(auto_now_add=True)
    suspended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("tenant")
        constraints = [
            models.CheckConstraint(
                name="tenant_slug_form", condition=models.Q(slug__regex=r"^[a-z0-9][a-z0-9-]*$")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def state(self) -> str:
        """`open`, or `suspended`: closed to everybody while nothing is deleted."""
        return "suspended" if self.suspended_at else "open"
