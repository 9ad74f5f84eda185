"""Usage that tests of reports sum: counters of lines, by day and country."""

from __future__ import annotations

from datetime import date
from typing import Any

from common.tenancy import tenant_scope
from tenants.models import Tenant
from usage.models import Line, LinePerson, UsageCounter

GB = 10**9
MB = 10**6


def used(
    tenant: Tenant,
    line: Line,
    volume: int,
    *,
    day: date,
    country: str = "NL",
    source: str = "carrier",
) -> None:
    """The line used so many bytes on the day."""
    with tenant_scope(tenant.pk):
        UsageCounter.objects.create(
            tenant=tenant, line=line, day=day, country=country, source=source, volume=volume,
            records=1,
        )  # fmt: skip


def hold(tenant: Tenant, line: Line, person: Any, *, since: Any, until: Any = None) -> None:
    """The person held the line from one moment to another."""
    with tenant_scope(tenant.pk):
        LinePerson(line=line, person=person, linked_at=since, unlinked_at=until).save()
