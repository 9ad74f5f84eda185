"""What a provider asked for, and what became of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel
from devices.models import Restriction


class Outcome(models.TextChoices):
    PROCESSED = "processed", _("Processed")
    IGNORED = "ignored", _("Ignored")
    HELD = "held", _("Held")
    REJECTED = "rejected", _("Rejected")
    DUPLICATE = "duplicate", _("Duplicate")


class Action(models.TextChoices):
    BLOCK = "block", _("Block")
    UNBLOCK = "unblock", _("Unblock")


class Signal(TenantModel):
    """One request to block or unblock, kept whatever its outcome."""

    key = models.UUIDField(db_comment="The provider's own id of the signal")
    connector = TenantForeignKey(
        "connectors.Connector", on_delete=models.PROTECT, related_name="signals"
    )
    line_id = models.BigIntegerField(null=True)
    device = TenantForeignKey(
        "devices.Device", on_delete=models.PROTECT, null=True, related_name="signals"
    )
    restriction = models.CharField(max_length=20, choices=Restriction.choices)
    action = models.CharField(max_length=10, choices=Action.choices)
    reason = models.CharField(max_length=40, db_comment="Key of the sentence, see common.sentences")
    facts = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    outcome_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("signal")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connector", "key"],
                condition=~models.Q(outcome="duplicate"),
                name="signal_key_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "-received_at", "-id"], name="signal_by_time"),
            models.Index(fields=["tenant", "line_id", "-received_at"], name="signal_by_line"),
            models.Index(
                fields=["tenant", "device", "-occurred_at"],
                condition=models.Q(line_id__isnull=True),
                name="signal_by_device",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.get_restriction_display()}"


class SignalledRestriction(TenantModel):
    """The restriction of a line that the connector's last signal asked for, and its outcome.

    A row exists while the last signal was a block. Turning a connector off deletes its rows, so
    turning it on signals afresh. An external provider may also name a device and no line; its
    blocks end at `ends_at`, the end of the billing cycle, if it does not end them before.
    """

    connector = TenantForeignKey(
        "connectors.Connector", on_delete=models.CASCADE, related_name="signalled"
    )
    line_id = models.BigIntegerField(null=True)
    restriction = models.CharField(max_length=20, choices=Restriction.choices)
    device = TenantForeignKey(
        "devices.Device", on_delete=models.PROTECT, null=True, related_name="+"
    )
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    since = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("signalled restriction")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connector", "line_id", "restriction"],
                name="signalled_restriction_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "connector", "device", "restriction"],
                condition=models.Q(line_id__isnull=True),
                name="signalled_device_once",
            ),
            models.CheckConstraint(
                name="signalled_about_something",
                condition=models.Q(line_id__isnull=False) | models.Q(device__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["ends_at"],
                condition=models.Q(ends_at__isnull=False),
                name="signalled_ends",
            )
        ]

    def __str__(self) -> str:
        about = f"line {self.line_id}" if self.line_id else f"device {self.device_id}"
        return f"{self.get_restriction_display()} of {about}"
