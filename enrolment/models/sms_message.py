"""A text message, from the moment it shall go until it went."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel


class SmsMessage(TenantModel):
    """Due until it was sent or given up. The text is sealed, and gone once it is on its way,
    except in the sandbox, whose inbox shows it.
    """

    to = models.CharField(_("To"), max_length=16)
    sealed = models.TextField(blank=True)
    by = models.CharField(max_length=40, db_comment="Name of the adapter it goes by")
    created_at = models.DateTimeField()
    worthless_at = models.DateTimeField(db_comment="When its code has expired")
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("text message")
        constraints = [
            models.CheckConstraint(
                name="sms_sent_is_not_due",
                condition=models.Q(due_at__isnull=True) | models.Q(sent_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="sms_due", condition=models.Q(due_at__isnull=False)
            ),
            models.Index(fields=["tenant", "-created_at", "-id"], name="sms_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.to} {self.created_at:%Y-%m-%d %H:%M}"
