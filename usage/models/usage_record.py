"""One accepted sample or row of a carrier's file, as it came, in bytes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel, unchecked_tenant
from usage.models.carrier import Source


class UsageRecord(TenantModel):
    """Append-only, partitioned by month of `started_at`; the primary key is the identity.

    `key` is the sample's id, or the hash of the carrier's row as it came. No row refers to a
    record. There are no foreign keys: ingest resolves lines inside the tenant, neither is ever
    deleted, and the checks would cost a third of the speed of an import (ADR 0003).
    """

    tenant = unchecked_tenant()
    pk = models.CompositePrimaryKey("tenant_id", "line_id", "started_at", "source", "key")
    line = models.ForeignKey(
        "usage.Line",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    started_at = models.DateTimeField()
    source = models.CharField(max_length=10, choices=Source.choices)
    key = models.UUIDField()
    ended_at = models.DateTimeField(null=True)
    country = models.CharField(max_length=2)
    volume = models.BigIntegerField(db_comment="Bytes, both directions")
    volume_out = models.BigIntegerField(null=True, db_comment="Bytes sent, where known")
    day = models.DateField(db_comment="Local day in the carrier's time zone")
    file_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("usage record")

    def __str__(self) -> str:
        return f"{self.volume} B at {self.started_at:%Y-%m-%d %H:%M}"
