"""A file kept in PostgreSQL, in parts: what was uploaded, and what a job writes for a person.

In the database, because web and worker share nothing else (ADR 0007). The content goes after
`keep_until`; the row stays, so that a history can still say which file it was.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class StoredFile(TenantModel):
    """`sha256` and `lines` (line ends, for progress) are of the whole content."""

    name = models.CharField(max_length=255)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    lines = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    keep_until = models.DateTimeField(db_index=True)
    emptied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("stored file")

    def __str__(self) -> str:
        return self.name


class StoredPart(TenantModel):
    """One piece of the content; the pieces in the order of `number` are the file."""

    file = TenantForeignKey(StoredFile, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("part of a stored file")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "file", "number"], name="stored_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"
