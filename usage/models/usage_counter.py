"""Bytes per line, local day, country and source: all that limits and reports are made of."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel, unchecked_tenant
from usage.models.carrier import Source

UNKNOWN_ABROAD = "ZZ"
"""Country of roaming use whose country the carrier did not say."""


class UsageCounter(TenantModel):
    """Zone, cycle, pool and money are derived from it, so no edit of those rebuilds a counter.

    Without foreign keys, for the reason given at UsageRecord.
    """

    tenant = unchecked_tenant()
    pk = models.CompositePrimaryKey("tenant_id", "line_id", "day", "country", "source")
    line = models.ForeignKey(
        "usage.Line",
        on_delete=models.PROTECT,
        related_name="counters",
        db_constraint=False,
        db_index=False,
    )
    day = models.DateField()
    country = models.CharField(max_length=2)
    source = models.CharField(max_length=10, choices=Source.choices)
    volume = models.BigIntegerField(db_comment="Bytes, both directions")
    records = models.IntegerField()

    class Meta:
        verbose_name = _("day counter")
        indexes = [
            # Finds a month among years of counters; a few pages small, and updates do not touch it.
            BrinIndex(fields=["tenant", "day"], name="counter_by_day", autosummarize=True)
        ]

    def __str__(self) -> str:
        return f"{self.volume} B on {self.day}"
