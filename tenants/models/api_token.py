"""A program's key to one tenant's part of the API."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.permissions import Permission
from common.tenancy import TenantModel

WORD = "tem"
"""With what every token of this kind begins (tenants.bearers)."""


class Scope(models.TextChoices):
    """What a program may do; the words are part of the API."""

    USAGE_WRITE = "usage:write", _("Report usage")
    SIGNALS_WRITE = "signals:write", _("Send signals")
    SIGN_INS_WRITE = "sign-ins:write", _("Report sign-ins")
    REPORTS_READ = "reports:read", _("Read reports")
    INVENTORY_READ = "inventory:read", _("Read lines and devices")


GIVEN_BY = {
    Scope.USAGE_WRITE: Permission.MANAGE_LINES,
    Scope.SIGNALS_WRITE: Permission.MANAGE_CONNECTORS,
    Scope.SIGN_INS_WRITE: Permission.MANAGE_LICENCES,
    Scope.REPORTS_READ: Permission.VIEW_REPORTS,
    Scope.INVENTORY_READ: Permission.VIEW_DEVICES,
}
"""What a person must be allowed to do themselves before they may let a program do it."""


@keep_history(exclude=["digest", "last_used_at"])
class ApiToken(TenantModel):
    """Kept as a keyed hash; the prefix is its beginning and tells a person which one it is."""

    name = models.CharField(_("Name"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(
        max_length=64, editable=False, db_comment="HMAC-SHA-256 (hex) of the token with a pepper"
    )
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        "tenants.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("API token")
        constraints = [
            models.CheckConstraint(
                name="api_token_may_something", condition=models.Q(scopes__len__gt=0)
            ),
        ]
        indexes = [models.Index(fields=["tenant", "name", "id"], name="api_token_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def beginning(self) -> str:
        """What may be shown of the token."""
        return f"{WORD}_{self.prefix}…"

    def state(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= now else "active"
