"""The e-mail of an invitation, from the moment it shall go until it went."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class InvitationMail(TenantModel):
    """One e-mail for each link. It is due until it was sent or given up."""

    membership = TenantForeignKey(
        "tenants.Membership", on_delete=models.CASCADE, related_name="mails"
    )
    invited_at = models.DateTimeField(db_comment="Which link it brings: membership.invited_at")
    invited_by = models.ForeignKey(
        "tenants.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    language = models.CharField(max_length=5)
    origin = models.CharField(max_length=300, db_comment="Where the portal was when it was sent")
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("e-mail of an invitation")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "membership", "invited_at"], name="invitation_mail_once"
            ),
            models.CheckConstraint(
                name="invitation_mail_sent_is_not_due",
                condition=models.Q(due_at__isnull=True) | models.Q(sent_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="invitation_mail_due",
                condition=models.Q(due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership} {self.invited_at:%Y-%m-%d %H:%M}"

    @property
    def state(self) -> str:
        """`waiting`, `sent` or `failed`."""
        if self.sent_at:
            return "sent"
        return "waiting" if self.due_at else "failed"
