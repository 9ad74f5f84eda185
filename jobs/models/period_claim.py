"""The claim of one run of a periodic job: whoever inserts the row does the work."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PeriodClaim(models.Model):
    """(job, period) is unique, so two schedulers do no harm and a missed period runs once."""

    job = models.CharField(max_length=80)
    period = models.DateTimeField(db_comment="Start of the period, in UTC")
    claimed_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("claim of a periodic job")
        constraints = [
            models.UniqueConstraint(fields=["job", "period"], name="period_claimed_once")
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.period:%Y-%m-%d %H:%M}"
