"""What was decided about a line, and why: written only when it differs from the last one."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class Decision(TenantModel):
    """Restrictions a line earned in a cycle. `reason` and `facts` make the sentence."""

    line = TenantForeignKey("usage.Line", on_delete=models.PROTECT, related_name="decisions")
    decided_at = models.DateTimeField()
    cycle_start = models.DateTimeField()
    cycle_end = models.DateTimeField()
    restrictions = ArrayField(models.CharField(max_length=20), default=list)
    standing = models.CharField(
        max_length=10, db_comment="within, near or over: the worst threshold crossed"
    )
    reason = models.CharField(max_length=40, db_comment="Key of the sentence, see common.sentences")
    facts = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64, db_comment="What makes two decisions differ")
    plan = TenantForeignKey("usage.Plan", on_delete=models.PROTECT, null=True, related_name="+")
    policy = TenantForeignKey("usage.Policy", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("decision")
        indexes = [
            models.Index(fields=["tenant", "line", "-decided_at"], name="decision_by_line"),
        ]

    def __str__(self) -> str:
        return f"{self.standing} {self.decided_at:%Y-%m-%d %H:%M}"
