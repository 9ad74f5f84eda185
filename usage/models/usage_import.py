"""An import that a person makes in the browser: the file, what they said of it, and its jobs."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel
from jobs.models import JobState


class ImportState(models.TextChoices):
    COLUMNS = "columns", _("Columns to choose")
    CHECKING = "checking", _("Being checked")
    CHECK_FAILED = "check_failed", _("Check failed")
    READY = "ready", _("Checked, not started")
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


_OF_CHECK = {
    JobState.QUEUED: ImportState.CHECKING,
    JobState.RUNNING: ImportState.CHECKING,
    JobState.DONE: ImportState.READY,
    JobState.FAILED: ImportState.CHECK_FAILED,
    JobState.CANCELLED: ImportState.COLUMNS,
}
_OF_RUN = {
    JobState.QUEUED: ImportState.WAITING,
    JobState.RUNNING: ImportState.RUNNING,
    JobState.DONE: ImportState.DONE,
    JobState.FAILED: ImportState.FAILED,
    JobState.CANCELLED: ImportState.CANCELLED,
}


class UsageImport(TenantModel):
    """`check` is the dry run of the present `options`; `run` writes, and is made at most once.

    What counts as imported stands in UsageFile and the records; this is the history of acts.
    """

    file = TenantForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+")
    carrier = TenantForeignKey("usage.Carrier", on_delete=models.PROTECT, related_name="imports")
    options = models.JSONField(null=True, db_comment="See usage.actions.import_options")
    check_job = TenantForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, related_name="+")
    run_job = TenantForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("usage import")
        indexes = [models.Index(fields=["tenant", "-created_at"], name="usage_import_by_time")]

    def __str__(self) -> str:
        return self.file.name

    @property
    def state(self) -> str:
        """Of its jobs; select them with the row in lists."""
        if self.run_job is not None:
            return _OF_RUN[JobState(self.run_job.state)]
        if self.check_job is not None:
            return _OF_CHECK[JobState(self.check_job.state)]
        return ImportState.COLUMNS

    @property
    def job(self) -> object:
        """The job that the state is about, or None."""
        return self.run_job or self.check_job
