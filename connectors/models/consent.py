"""The two consents beside the connection, each with a switch and a status of its own."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel
from connectors.models.app_registration import Purpose


class ConsentState(models.TextChoices):
    OFF = "off", _("Off")
    ACTIVE = "active", _("Active")
    BROKEN = "broken", _("Withdrawn")


class Consent(TenantModel):
    """What an administrator of the connected organisation accepted for one of our applications."""

    connector = TenantForeignKey(
        "connectors.Connector", on_delete=models.CASCADE, related_name="consents"
    )
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    state = models.CharField(max_length=10, choices=ConsentState.choices, default=ConsentState.OFF)
    reason = models.CharField(max_length=40, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("consent")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connector", "purpose"], name="consent_once_per_purpose"
            ),
            models.CheckConstraint(
                name="consent_beside_connection", condition=~models.Q(purpose="connection")
            ),
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()
