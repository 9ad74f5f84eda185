"""Signing in with Microsoft: which tenant accepts which directory, and who is who there."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.permissions import ROLE_LABELS, Role
from common.tenancy import TenantModel, TenantOneToOneField


@keep_history()
class EntraSignIn(TenantModel):
    """The directory (Microsoft tenant) whose people may sign in to this tenant."""

    directory_id = models.UUIDField(_("Microsoft tenant"))
    enabled = models.BooleanField(_("Let people sign in with Microsoft"), default=True)

    class Meta:
        verbose_name = _("sign-in with Microsoft")
        constraints = [models.UniqueConstraint(fields=["tenant"], name="entra_sign_in_once")]
        indexes = [models.Index(fields=["directory_id"], name="entra_sign_in_directory")]

    def __str__(self) -> str:
        return str(_("Sign in with Microsoft"))


@keep_history()
class EntraGroupRole(TenantModel):
    """What members of a group of the directory may do here."""

    group_id = models.UUIDField(_("Object ID of the group"))
    role = models.CharField(_("Role"), max_length=40, choices=list(ROLE_LABELS.items()))

    class Meta:
        verbose_name = _("role of a group")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group_id"], name="entra_group_role_once"),
            models.CheckConstraint(
                name="entra_group_role_known",
                condition=models.Q(role__in=[role.value for role in Role]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} ({self.get_role_display()})"


class EntraIdentity(models.Model):
    """A person in a directory, by its id and theirs; names and addresses prove nothing."""

    user = models.ForeignKey(
        "tenants.User", on_delete=models.CASCADE, related_name="entra_identities"
    )
    directory_id = models.UUIDField()
    object_id = models.UUIDField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("account at Microsoft")
        constraints = [
            models.UniqueConstraint(
                fields=["directory_id", "object_id"], name="entra_identity_once"
            ),
            models.UniqueConstraint(
                fields=["user", "directory_id"], name="entra_identity_once_per_directory"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_id} of {self.directory_id}"


class EntraMembership(TenantModel):
    """Marks a membership that a role at Microsoft made, and that follows that role."""

    membership = TenantOneToOneField(
        "tenants.Membership", on_delete=models.CASCADE, related_name="from_entra"
    )

    class Meta:
        verbose_name = _("membership by a role at Microsoft")

    def __str__(self) -> str:
        return str(self.membership)
