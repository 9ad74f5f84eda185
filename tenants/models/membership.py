"""What a person may do in one tenant."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.permissions import GRANTS, ROLE_LABELS, Permission, Role
from common.tenancy import TenantModel


@keep_history()
class Membership(TenantModel):
    """One person's role in one tenant."""

    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("Role"), max_length=40, choices=list(ROLE_LABELS.items()))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_once_per_tenant"),
            models.CheckConstraint(
                name="membership_role_known", condition=models.Q(role__in=[r.value for r in Role])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def may(self, permission: Permission) -> bool:
        """Whether the role grants the permission (common.permissions.GRANTS)."""
        return permission in GRANTS[Role(self.role)]
