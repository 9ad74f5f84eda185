"""Somebody is asked by e-mail to enrol their phone."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class Invitation(TenantModel):
    """Its link is signed and names `invited_at`: sent again, the older link is dead.

    The e-mail is due until it was sent or given up. A number in it may enrol, line or not.
    """

    email = models.EmailField(_("E-mail"))
    name = models.CharField(_("Name"), max_length=120, blank=True)
    number = models.CharField(_("Phone number"), max_length=16, blank=True)
    line = TenantForeignKey(
        "usage.Line", on_delete=models.SET_NULL, null=True, related_name="invitations"
    )
    person = TenantForeignKey(
        "tenants.Person", on_delete=models.SET_NULL, null=True, related_name="invitations"
    )
    invited_by = models.ForeignKey(
        "tenants.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    language = models.CharField(max_length=5)
    origin = models.CharField(max_length=300, db_comment="Where the portal was when it was sent")
    created_at = models.DateTimeField()
    invited_at = models.DateTimeField(db_comment="When its present link was made")
    opened_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("invitation to enrol")
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                "number",
                condition=models.Q(used_at__isnull=True, revoked_at__isnull=True),
                name="enrol_invitation_once",
            ),
            models.CheckConstraint(
                name="enrol_invitation_used_or_revoked",
                condition=models.Q(used_at__isnull=True) | models.Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                name="enrol_invitation_sent_is_not_due",
                condition=models.Q(due_at__isnull=True) | models.Q(sent_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="enrol_invitation_due",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(fields=["tenant", "-created_at", "-id"], name="enrol_invitation_newest"),
            models.Index(fields=["tenant", "line"], name="enrol_invitation_by_line"),
        ]

    def __str__(self) -> str:
        return self.email
