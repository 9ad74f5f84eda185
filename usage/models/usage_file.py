"""A carrier's file that was imported, known by its content."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class UsageFile(TenantModel):
    """One row per content and tenant; importing the same file again continues this row.

    `shift` is what --shift-to-now added to every time, kept so that a re-import finds the same
    records. Counts are of the last run.
    """

    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    carrier = TenantForeignKey("usage.Carrier", on_delete=models.PROTECT, related_name="files")
    shift = models.DurationField(null=True)
    size = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    unmatched = models.BigIntegerField(default=0)
    volume = models.BigIntegerField(default=0, db_comment="Bytes newly counted")

    class Meta:
        verbose_name = _("usage file")
        constraints = [models.UniqueConstraint(fields=["tenant", "sha256"], name="usage_file_once")]

    def __str__(self) -> str:
        return self.name
