"""Where use abroad is cheap, dear or as at home: countries of a plan, with dates."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Func, Value
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel
from tenants.models.tenant import country_validator


@keep_history()
class Zone(TenantModel):
    """A zone is derived from country and day when it is asked for, and stored in no counter.

    Use in an extended domestic zone counts as domestic, and against the zone's own cap besides.
    The rest of the world is every country that no other zone of the plan has on that day.
    """

    plan = TenantForeignKey(
        "usage.Plan", on_delete=models.CASCADE, related_name="zones", verbose_name=_("Plan")
    )
    name = models.CharField(_("Name"), max_length=60)
    cap = models.BigIntegerField(_("Data cap"), null=True, blank=True)
    price = models.DecimalField(
        _("Price per MB over the cap"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    is_extended_domestic = models.BooleanField(_("Extended domestic"), default=False)
    is_rest_of_world = models.BooleanField(_("Rest of the world"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("zone")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "plan", "name"], name="zone_name_once"),
            models.UniqueConstraint(
                fields=["tenant", "plan"],
                condition=models.Q(is_rest_of_world=True),
                name="zone_one_rest_of_world",
            ),
            models.CheckConstraint(
                name="zone_cap_not_negative",
                condition=models.Q(cap__isnull=True) | models.Q(cap__gte=0),
            ),
            models.CheckConstraint(
                name="zone_rest_is_not_home",
                condition=models.Q(is_rest_of_world=False) | models.Q(is_extended_domestic=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


@keep_history()
class ZoneCountry(TenantModel):
    """A country in a zone, from its first day to its last (both included; empty is open).

    `plan` is the zone's, so that the database can keep a country in one zone of a plan at a time.
    """

    zone = TenantForeignKey("usage.Zone", on_delete=models.CASCADE, related_name="countries")
    plan = TenantForeignKey("usage.Plan", on_delete=models.CASCADE, related_name="zone_countries")
    country = models.CharField(_("Country"), max_length=2, validators=[country_validator])
    valid_from = models.DateField(_("From"), null=True, blank=True)
    valid_to = models.DateField(_("Up to and including"), null=True, blank=True)

    class Meta:
        verbose_name = _("country of a zone")
        constraints = [
            models.CheckConstraint(
                name="zone_country_dates_in_order",
                condition=models.Q(valid_from__isnull=True)
                | models.Q(valid_to__isnull=True)
                | models.Q(valid_to__gte=models.F("valid_from")),
            ),
            ExclusionConstraint(
                name="zone_country_once_at_a_time",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("plan", RangeOperators.EQUAL),
                    ("country", RangeOperators.EQUAL),
                    (
                        Func("valid_from", "valid_to", Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.country
