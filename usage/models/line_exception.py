"""What loosens the rule for one line for a while, and how much of it the helpdesk may give."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


class ExceptionKind(models.TextChoices):
    UNBLOCK = "unblock", _("Unblocked by hand")
    TOP_UP = "top_up", _("Top-up")
    TRIP = "trip", _("Trip")
    GRACE = "grace", _("Grace")
    EXEMPTION = "exemption", _("Exemption")


OF_HELPDESK = {ExceptionKind.UNBLOCK, ExceptionKind.TOP_UP}
"""What the helpdesk may give, within its allowance, and end."""


class LineException(TenantModel):
    """Holds from `starts_at` up to, not including, `ends_at`; ended early by setting `ends_at`.

    A top-up adds `volume` to the limits of `scope`. A trip adds `volume` to the limits of use
    abroad while it lasts, and so much use in its `countries`, from `first_day` up to and including
    `last_day` in the carrier's zone, is never counted. An unblock ends at `ceiling` bytes of the
    cycle. One that ended before it began never held.
    """

    line = TenantForeignKey("usage.Line", on_delete=models.PROTECT, related_name="exceptions")
    kind = models.CharField(max_length=12, choices=ExceptionKind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, db_comment="Null: an exemption for good")
    scope = models.CharField(max_length=10, blank=True, default="")
    volume = models.BigIntegerField(null=True, db_comment="Bytes that a top-up or trip adds")
    ceiling = models.BigIntegerField(null=True, db_comment="Bytes of the cycle: unblocked so far")
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    approver = models.CharField(max_length=120, blank=True, default="")
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(
        "tenants.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("exception")
        constraints = [
            models.CheckConstraint(
                name="line_exception_dates_in_order",
                condition=models.Q(ends_at__gte=models.F("starts_at")),
            ),
            models.CheckConstraint(
                name="line_exception_only_exempt_for_good",
                condition=models.Q(ends_at__isnull=False) | models.Q(kind="exemption"),
            ),
            models.CheckConstraint(
                name="line_exception_top_up_complete",
                condition=~models.Q(kind="top_up")
                | models.Q(volume__gt=0, scope__in=["domestic", "roaming"]),
            ),
            models.CheckConstraint(
                name="line_exception_trip_complete",
                condition=~models.Q(kind="trip")
                | models.Q(
                    volume__gt=0,
                    countries__len__gt=0,
                    first_day__isnull=False,
                    last_day__gte=models.F("first_day"),
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "line", "-starts_at"], name="line_exception_by_line")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"

    @property
    def is_of_helpdesk(self) -> bool:
        """Whether the helpdesk may give and end such a thing."""
        return self.kind in OF_HELPDESK


@keep_history()
class HelpdeskAllowance(TenantModel):
    """How far the helpdesk may go for one line; a tenant without a row has the defaults."""

    hours = models.PositiveSmallIntegerField(
        _("Hours of an unblock"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(744)],
    )
    volume = models.BigIntegerField(
        _("Volume of an unblock or a top-up"), default=10**9, validators=[MinValueValidator(1)]
    )
    times = models.PositiveSmallIntegerField(
        _("Times per line and billing cycle"), default=3, validators=[MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = _("helpdesk allowance")
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="helpdesk_allowance_once"),
            models.CheckConstraint(
                name="helpdesk_allowance_allows_something",
                condition=models.Q(hours__gte=1, volume__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
