"""The answer to a call that named an Idempotency-Key, kept for a day."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel


class IdempotentAnswer(TenantModel):
    """Written in the transaction of the call itself; `caller` is tenants.bearers.Caller.key."""

    caller = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(
        max_length=64, db_comment="SHA-256 (hex) of method, address and body"
    )
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer kept for repetitions")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "caller", "key"], name="idempotent_answer_once"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotent_answer_by_age")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
