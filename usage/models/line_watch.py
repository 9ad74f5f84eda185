"""When a line is to be judged again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel, TenantOneToOneField


class LineWatch(TenantModel):
    """One row per line, without history; the due rows are the evaluator's queue.

    A budget is a lower bound of the bytes that may still be used (at home, abroad, in all) before
    the decision could change; null means no amount could change it. Budgets only cause evaluations
    and are never shown.
    """

    line = TenantOneToOneField(
        "usage.Line", on_delete=models.CASCADE, primary_key=True, related_name="watch"
    )
    evaluate_at = models.DateTimeField(null=True)
    home_budget = models.BigIntegerField(null=True)
    abroad_budget = models.BigIntegerField(null=True)
    total_budget = models.BigIntegerField(null=True)
    cycle_first_day = models.DateField(
        null=True, db_comment="Cycle of the last evaluation; usage of an earlier day is late"
    )
    decision = TenantForeignKey(
        "usage.Decision", on_delete=models.PROTECT, null=True, related_name="+"
    )
    standing = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_comment="Of the latest decision, for lists; empty before the first",
    )
    late_since = models.DateField(
        null=True, db_comment="Earliest local day of usage that came after its cycle"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("watch")
        indexes = [
            models.Index(
                fields=["tenant", "evaluate_at"],
                condition=models.Q(evaluate_at__isnull=False),
                name="line_watch_due",
            ),
            models.Index(
                fields=["tenant", "standing", "line"],
                condition=models.Q(standing__in=["near", "over"]),
                name="line_watch_near_or_over",
            ),
        ]

    def __str__(self) -> str:
        return f"watch of line {self.line_id}"
