"""Links that hold from one moment to another, so that history survives every swap."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from common.tenancy import TenantManager, TenantModel


class DatedQuerySet(models.QuerySet):
    """Half-open intervals: a link holds from `linked_at` up to, not including, `unlinked_at`."""

    def open(self) -> DatedQuerySet:
        """Links without an end."""
        return self.filter(unlinked_at__isnull=True)

    def at(self, moment: datetime) -> DatedQuerySet:
        """Links that hold at `moment`."""
        return self.filter(linked_at__lte=moment).exclude(unlinked_at__lte=moment)


class DatedLink(TenantModel):
    """Base of every dated link."""

    linked_at = models.DateTimeField()
    unlinked_at = models.DateTimeField(null=True)

    objects = TenantManager.from_queryset(DatedQuerySet)()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_dates_in_order",
                condition=models.Q(unlinked_at__isnull=True)
                | models.Q(unlinked_at__gte=models.F("linked_at")),
            )
        ]


def one_open(*fields: str, name: str) -> models.UniqueConstraint:
    """At most one open link per tenant and the given fields."""
    return models.UniqueConstraint(
        fields=["tenant", *fields], condition=models.Q(unlinked_at__isnull=True), name=name
    )
