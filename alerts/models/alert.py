"""A threshold that was crossed, told once."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel


class Severity(models.TextChoices):
    """How loud an alert is: a notice, or one that restricts service."""

    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")


class AlertState(models.TextChoices):
    OPEN = "open", _("Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    RESOLVED = "resolved", _("Resolved")


class Alert(TenantModel):
    """One per identity; the identity of a usage alert is built by `usage.decisions`.

    The subject is named by kind and number, not referenced: apps above this one own it.
    """

    identity = models.CharField(
        max_length=64, db_comment="SHA-256 (hex) of what makes this alert itself"
    )
    kind = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    severity = models.CharField(max_length=10, choices=Severity.choices)
    state = models.CharField(max_length=14, choices=AlertState.choices, default=AlertState.OPEN)
    reason = models.CharField(max_length=40, db_comment="Key of the sentence, see common.sentences")
    facts = models.JSONField(default=dict, db_comment="Figures that fill the sentence")
    late = models.BooleanField(default=False, db_comment="About a cycle already closed")
    raised_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        "tenants.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    acknowledged_note = models.CharField(_("Note"), max_length=300, blank=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("alert")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "identity"], name="alert_raised_once"),
            models.CheckConstraint(
                name="alert_resolved_has_time",
                condition=(
                    models.Q(state="resolved", resolved_at__isnull=False)
                    | (~models.Q(state="resolved") & models.Q(resolved_at__isnull=True))
                ),
            ),
            models.CheckConstraint(
                name="alert_acknowledged_has_time",
                condition=~models.Q(state="acknowledged") | models.Q(acknowledged_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "state", "-raised_at", "-id"],
                condition=models.Q(state__in=["open", "acknowledged"]),
                name="alert_unsettled_by_time",
            ),
            models.Index(fields=["tenant", "-raised_at", "-id"], name="alert_by_time"),
            models.Index(
                fields=["tenant", "subject_type", "subject_id", "-raised_at"],
                name="alert_by_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} {self.subject_type} {self.subject_id}"
