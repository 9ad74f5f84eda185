"""The carriers of the demo: they report what its lines use, as long as the portal runs.

1. What a line uses follows from its number and the day (sandbox.habits), so a piece of time can be
   taken twice and counts once.
2. A blocked phone uses nothing more of what is blocked; on iOS the block binds managed apps only,
   and a little still comes through.
3. A run takes what has happened since the last one, a day at most. So after a time without the
   portal a few runs bring it up to date, one day after the other, without a flood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.core.cache import cache as kept
from django.db import connection, transaction

from common.tenancy import current_tenant_id, tenant_scope
from devices.models import DeviceControl
from sandbox.habits import Session, Subscriber, sessions
from sandbox.world import TENANTS, DemoTenant
from tenants.models import Tenant
from usage.models import Line, LineState, Source, UsageRecord
from usage.workers.ingest import Ingested, ingest
from usage.workers.record_rows import record_row

SEED = 20261120
HISTORY = timedelta(days=92)
MOST_AT_ONCE = timedelta(days=1)
LEAKS = 0.12
"""How much of its use a blocked iPhone keeps: its apps that are not managed."""
_ONE_FEED = 7_301_203
_REACHED = "sandbox-feed-%s"


@dataclass(frozen=True)
class Lively:
    """From which cycles on limits are met: of lines with longer cycles, and with days."""

    cycles: date
    days: date

    def since(self, subscriber: Subscriber) -> date:
        return self.days if subscriber.cycle.kind == "daily" else self.cycles


NEVER_LIVELY = Lively(cycles=date.max, days=date.max)


@cache
def subscribers(demo: DemoTenant) -> dict[str, Subscriber]:
    """The lines that the carriers of a demo tenant report on, by their numbers."""
    return {
        number: Subscriber(
            number=number,
            country=carrier.country,
            zone=ZoneInfo(carrier.time_zone),
            cycle=plan.cycle,
            domestic_cap=plan.domestic_cap,
            roaming_cap=plan.roaming_cap,
        )
        for carrier in demo.carriers
        for plan in carrier.plans
        for number in carrier.numbers(plan)
    }


def report_all(*, now: datetime, tenants: Sequence[DemoTenant] = TENANTS) -> int:
    """Take what the lines of every demo tenant have used since the last time; returns the rows.

    Two that run at once do no harm: the second one finds the first at work and goes.
    """
    rows = 0
    for demo in tenants:
        tenant = Tenant.objects.filter(slug=demo.slug, suspended_at=None).first()
        if tenant is not None:
            with tenant_scope(tenant.pk):
                rows += _report(demo, now)
    return rows


def _report(demo: DemoTenant, now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_ONE_FEED, current_tenant_id()])
        if not cursor.fetchone()[0]:
            return 0
        begin = max(reached(demo=demo), now - HISTORY)
        end = min(now, begin + MOST_AT_ONCE)
        if begin >= end:
            return 0
        taken = take(demo=demo, begin=begin, end=end, now=now)
        transaction.on_commit(lambda: remember(demo=demo, until=end), robust=True)
    return taken.accepted


def reached(*, demo: DemoTenant) -> datetime:
    """Up to when the feed has reported; from the records themselves where nobody remembers."""
    found = kept.get(_REACHED % demo.slug)
    if found is None:
        records = UsageRecord.objects.filter(
            line_id__in=_lines(demo).values(), source=Source.CARRIER, file_id=None
        )
        newest = records.order_by("-started_at").values_list("started_at", flat=True).first()
        found = newest + timedelta(microseconds=1) if newest else datetime.min.replace(tzinfo=UTC)
    return found


def remember(*, demo: DemoTenant, until: datetime) -> None:
    """Keep up to when the feed has reported: a short cut that may be forgotten."""
    kept.set(_REACHED % demo.slug, until, timeout=3600)


def take(
    *,
    demo: DemoTenant,
    begin: datetime,
    end: datetime,
    now: datetime,
    lively: Lively | None = None,
) -> Ingested:
    """One batch: what the tenant's lines used from `begin` up to `end`, less what is blocked.

    In cycles that began before they are `lively`, lines come near no limit.
    """
    lines = _lines(demo)
    blocked = _blocked(lines.values())
    rows = [
        record_row(
            line_id=line_id,
            at=session.at,
            day=session.day,
            country=session.country,
            key=session.key,
            volume=volume,
        )
        for number, line_id in lines.items()
        for session, volume in _let_through(
            subscribers(demo)[number], blocked.get(line_id), begin, end, lively
        )
    ]
    if not rows:
        return Ingested(accepted=0, volume=0)
    return ingest(rows=rows, source=Source.CARRIER, now=now)


def _lines(demo: DemoTenant) -> dict[str, int]:
    known = subscribers(demo)
    lines = Line.objects.filter(state=LineState.ACTIVE, msisdn__in=list(known))
    return dict(lines.order_by("pk").values_list("msisdn", "pk"))


def _blocked(line_ids: Iterable[int]) -> dict[int, tuple[str, frozenset[str]]]:
    """Platform and restrictions of the phones that are restricted, by their lines."""
    links = "device__sim_links"
    rows = DeviceControl.objects.filter(
        **{
            "observed__len__gt": 0,
            f"{links}__unlinked_at": None,
            f"{links}__sim__line_links__unlinked_at": None,
            f"{links}__sim__line_links__line__in": list(line_ids),
        }
    ).values_list(f"{links}__sim__line_links__line", "device__platform", "observed")
    return {line_id: (platform, frozenset(observed)) for line_id, platform, observed in rows}


def _let_through(
    subscriber: Subscriber,
    blocked: tuple[str, frozenset[str]] | None,
    begin: datetime,
    end: datetime,
    lively: Lively | None,
) -> Iterator[tuple[Session, int]]:
    since = lively.since(subscriber) if lively else date.min
    for session in sessions(
        subscriber=subscriber, begin=begin, end=end, seed=SEED, lively_from=since
    ):
        if blocked is None:
            yield session, session.volume
            continue
        platform, restrictions = blocked
        is_abroad = session.country != subscriber.country
        if "cellular_data" in restrictions or (is_abroad and "roaming_data" in restrictions):
            if platform != "knox":
                yield session, int(session.volume * LEAKS)
        else:
            yield session, session.volume
