"""A phone's own key to the API: it speaks for this device and for nothing else."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel

WORD = "temd"
"""With what every token of this kind begins (tenants.bearers)."""


class DeviceToken(TenantModel):
    """Kept as a keyed hash; a device has at most one that is not revoked."""

    device = TenantForeignKey("devices.Device", on_delete=models.CASCADE, related_name="tokens")
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(
        max_length=64, editable=False, db_comment="HMAC-SHA-256 (hex) of the token with a pepper"
    )
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("token of a device")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "device"],
                condition=models.Q(revoked_at__isnull=True),
                name="device_token_one_open",
            )
        ]

    def __str__(self) -> str:
        return self.beginning

    @property
    def beginning(self) -> str:
        """What may be shown of the token."""
        return f"{WORD}_{self.prefix}…"
