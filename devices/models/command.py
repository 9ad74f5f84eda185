"""One command in the platform's own format, from queue to verified answer."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class CommandStatus(models.TextChoices):
    """The life cycle that all platforms share."""

    REFUSED = "refused", _("Refused")
    QUEUED = "queued", _("Queued")
    PUSHED = "pushed", _("Waiting for the device")
    DELIVERED = "delivered", _("Delivered")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    VERIFIED = "verified", _("Verified")
    NOT_NOW = "not_now", _("Not now")
    FAILED = "failed", _("Failed")
    FORMAT_ERROR = "format_error", _("Format error")
    SUPERSEDED = "superseded", _("Superseded")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATUSES = (
    CommandStatus.QUEUED,
    CommandStatus.PUSHED,
    CommandStatus.DELIVERED,
    CommandStatus.NOT_NOW,
)


class Command(TenantModel):
    """The exact bytes that were sent, and everything that came back.

    `id` is the CommandUUID on the wire. A device has at most one open command.
    """

    id = models.UUIDField(primary_key=True)
    device = TenantForeignKey("devices.Device", on_delete=models.PROTECT, related_name="commands")
    generation = models.BigIntegerField()
    kind = models.CharField(max_length=40, db_comment="RequestType, or the agent's command type")
    payload = models.BinaryField()
    desired_before = ArrayField(models.CharField(max_length=20), null=True)
    desired_after = ArrayField(models.CharField(max_length=20), default=list)
    status = models.CharField(max_length=14, choices=CommandStatus.choices)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(
        null=True, db_comment="After this it would come too late: it is withdrawn (blocks only)"
    )
    handed_over_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)
    error = models.CharField(max_length=500, blank=True)
    not_now_tally = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("command")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "device"],
                condition=models.Q(status__in=[status.value for status in OPEN_STATUSES]),
                name="command_one_open_per_device",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "device", "-created_at"], name="command_by_device"),
            models.Index(
                fields=["tenant", "status", "-created_at"],
                condition=models.Q(
                    status__in=[status.value for status in OPEN_STATUSES]
                    + ["failed", "format_error"]
                ),
                name="command_needing_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES
