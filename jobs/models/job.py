"""Long work of one tenant: what is asked, how far it is, and what came of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)


class Job(TenantModel):
    """A row is the queue. `kind` names who does the work (jobs.kinds), `parameters` what on.

    `key` is what must not be worked on twice at once: of one kind and key at most one is open.
    `done` of `total` is what a progress bar shows. `checkpoint` is where work goes on after a
    worker died; it is written in the transaction of the work it speaks of. `lease` is renewed
    with every step, and `attempts` counts the claims since the last step that got through.
    """

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    parameters = models.JSONField(default=dict)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    checkpoint = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    output = TenantForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, null=True, related_name="jobs"
    )
    error = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_comment="Not before; moved on after a fault or a slice")
    leased_until = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True, db_comment="Which claim holds it")
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("job")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "key"],
                condition=models.Q(state__in=["queued", "running"]),
                name="job_open_once",
            ),
            models.CheckConstraint(
                name="job_state_known", condition=models.Q(state__in=JobState.values)
            ),
            models.CheckConstraint(
                name="job_ended_with_its_time",
                condition=models.Q(state__in=["queued", "running"])
                | models.Q(finished_at__isnull=False, lease__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["queued", "running"]),
                name="job_open_by_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def percent(self) -> int:
        """Whole percent done, for the bar; 0 as long as the whole is not known."""
        return min(100, self.done * 100 // self.total) if self.total else 0
