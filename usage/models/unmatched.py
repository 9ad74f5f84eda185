"""Usage whose line nobody knows: kept under its name until a person says whose it is."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel
from usage.models.carrier import Source


class UnmatchedState(models.TextChoices):
    OPEN = "open", _("Open")
    COUNTED = "counted", _("Counted")
    DISMISSED = "dismissed", _("Dismissed")


class NameKind(models.TextChoices):
    MSISDN = "msisdn", _("Phone number")
    ICCID = "iccid", _("ICCID")
    IMSI = "imsi", _("IMSI")
    REFERENCE = "reference", _("Carrier's reference")
    IMEI = "imei", _("IMEI")
    SERIAL = "serial", _("Serial number")
    UDID = "udid", _("UDID")


class UnmatchedName(TenantModel):
    """A number or reference that no active line has. `waiting` and `volume` are of what waits.

    The carrier is that of the file; a device agent names none. Counted names open again when more
    comes under them; dismissed ones only when a person takes that back.
    """

    source = models.CharField(max_length=10, choices=Source.choices)
    carrier = TenantForeignKey(
        "usage.Carrier", on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=NameKind.choices)
    value = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=UnmatchedState.choices, default=UnmatchedState.OPEN
    )
    waiting = models.IntegerField(default=0)
    volume = models.BigIntegerField(
        default=0, db_comment="Bytes of what waits; counter readings have none"
    )
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    line = TenantForeignKey(
        "usage.Line", on_delete=models.PROTECT, null=True, related_name="+",
        db_comment="Of the last assignment",
    )  # fmt: skip
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("unmatched usage")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "carrier", "kind", "value"],
                name="unmatched_name_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="unmatched_state_known",
                condition=models.Q(state__in=UnmatchedState.values),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-last_at"], name="unmatched_by_state"),
        ]

    def __str__(self) -> str:
        return self.value


class UnmatchedRow(TenantModel):
    """One sample or row. Once counted it stays, so that a repeated file does not bring it back.

    `sample` is what else a device agent told, see usage.actions.unmatched_samples.
    """

    name = TenantForeignKey(UnmatchedName, on_delete=models.CASCADE, related_name="rows")
    started_at = models.DateTimeField()
    key = models.UUIDField()
    country = models.CharField(max_length=2, blank=True)
    volume = models.BigIntegerField()
    file_id = models.BigIntegerField(null=True)
    sample = models.JSONField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("unmatched row")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name", "started_at", "key"], name="unmatched_row_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.volume} B at {self.started_at:%Y-%m-%d %H:%M}"
