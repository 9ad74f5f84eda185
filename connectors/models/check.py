"""The rows of a connection's validation: one for each check, with what it last found."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class CheckName(models.TextChoices):
    """In the order in which they are made."""

    TENANT_ID = "tenant_id", _("Tenant ID validation")
    AUTHORIZATION = "authorization", _("Entra ID authorization")
    CONNECTION = "connection", _("Entra ID connection validation")
    ONBOARDING = "onboarding", _("Intune onboarding")


FORMERLY = {
    CheckName.AUTHORIZATION: _("Formerly Azure AD authorization"),
    CheckName.CONNECTION: _("Formerly Azure AD connection validation"),
}
"""What the older pages call a row."""


class CheckState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    GOOD = "good", _("Good")
    BAD = "bad", _("Failed")
    SKIPPED = "skipped", _("Not checked")


class Check(TenantModel):
    """`reason` is the key of a sentence (common.sentences), `reference` what support asks for."""

    connector = TenantForeignKey(
        "connectors.Connector", on_delete=models.CASCADE, related_name="checks"
    )
    name = models.CharField(max_length=20, choices=CheckName.choices)
    state = models.CharField(max_length=10, choices=CheckState.choices, default=CheckState.WAITING)
    reason = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    reference = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("check of a connection")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connector", "name"], name="check_once_per_connector"
            )
        ]

    def __str__(self) -> str:
        return self.get_name_display()
