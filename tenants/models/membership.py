"""What a person may do in one tenant."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.permissions import GRANTS, ROLE_LABELS, Permission, Role
from common.tenancy import TenantManager, TenantModel


class MembershipQuerySet(models.QuerySet):
    """Filters by what a membership is at the moment."""

    def in_force(self) -> "MembershipQuerySet":
        """Those that open the tenant: neither waiting for an answer nor ended."""
        return self.filter(invited_at__isnull=True, removed_at__isnull=True)

    def in_state(self, state: str) -> "MembershipQuerySet":
        """Those whose `state` it is."""
        if state == "member":
            return self.in_force()
        return self.filter(
            invited_at__isnull=state != "invited", removed_at__isnull=state != "removed"
        )


@keep_history(exclude=["last_signed_in_at"])
class Membership(TenantModel):
    """One person's role in one tenant, from the invitation to the removal and back again.

    Of a person who never joined the tenant knows the address only, so that an invitation does
    not tell whether the account exists.
    """

    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("Role"), max_length=40, choices=list(ROLE_LABELS.items()))
    created_at = models.DateTimeField(auto_now_add=True)
    invited_at = models.DateTimeField(
        null=True, editable=False, db_comment="Set while the invitation waits for its answer"
    )
    joined_at = models.DateTimeField(null=True, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)
    last_signed_in_at = models.DateTimeField(
        null=True, editable=False, db_comment="First page of this tenant in the latest session"
    )

    objects = TenantManager.from_queryset(MembershipQuerySet)()

    class Meta:
        verbose_name = _("membership")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_once_per_tenant"),
            models.CheckConstraint(
                name="membership_role_known", condition=models.Q(role__in=[r.value for r in Role])
            ),
            models.CheckConstraint(
                name="membership_invited_or_removed",
                condition=models.Q(invited_at__isnull=True) | models.Q(removed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def may(self, permission: Permission) -> bool:
        """Whether the role grants the permission (common.permissions.GRANTS)."""
        return permission in GRANTS[Role(self.role)]

    @property
    def state(self) -> str:
        """`invited`, `member` or `removed`."""
        if self.removed_at:
            return "removed"
        return "invited" if self.invited_at else "member"

    @property
    def shown_name(self) -> str:
        """The person's name, once they have joined; the address until then."""
        never_joined = self.invited_at is not None and self.joined_at is None
        return self.user.email if never_joined else str(self.user)
