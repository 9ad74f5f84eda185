"""Judging lines with what the database knows of them; nothing is written.

The evaluator, the preview of an edit and the page of a line all come through here, so that what
is announced, shown and enforced is one and the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.models import Alert
from usage.cycles import Cycle, cycle_at, start_of_day
from usage.decisions import Decision, Loosening, Rules, Usage, decide, shortfall
from usage.models import Line, LinePlan, LinePolicy, LineState
from usage.queries.due_lines import (
    NOTHING_LOOSENED,
    Loosened,
    RuleBook,
    loosenings,
    rule_book,
)
from usage.queries.personal_lines import personal_lines
from usage.queries.usage_sums import Trip, Window, usage_in

SUBJECT = "line"


class Subject(Protocol):
    """What has to be known of a line before it can be judged."""

    @property
    def line_id(self) -> int: ...
    @property
    def active(self) -> bool: ...
    @property
    def personal(self) -> bool: ...
    @property
    def carrier_id(self) -> int: ...
    @property
    def plan_id(self) -> int | None: ...
    @property
    def policy_id(self) -> int | None: ...


@dataclass(frozen=True)
class LineFacts:
    """A Subject by itself."""

    line_id: int
    active: bool
    personal: bool
    carrier_id: int
    plan_id: int | None
    policy_id: int | None


def subject_of(line: Line) -> LineFacts:
    """The line with the plan and policy that it has now (three queries)."""
    plans = LinePlan.objects.open().filter(line=line)
    policies = LinePolicy.objects.open().filter(line=line)
    return LineFacts(
        line_id=line.pk,
        active=line.state == LineState.ACTIVE,
        personal=line.pk in personal_lines(line_ids=[line.pk]),
        carrier_id=line.carrier_id,
        plan_id=plans.values_list("plan_id", flat=True).first(),
        policy_id=policies.values_list("policy_id", flat=True).first(),
    )


def rules_of(line: Subject, book: RuleBook) -> Rules:
    """The limits and caps that hold for the line."""
    return book.rules(plan_id=line.plan_id, line_policy_id=line.policy_id)


def cycle_of(line: Subject, book: RuleBook, now: datetime) -> Cycle:
    """The line's running cycle."""
    return cycle_at(book.plan(line.plan_id).cycle, now, book.carriers[line.carrier_id].zone)


def window_of(
    line: Subject,
    book: RuleBook,
    cycle: Cycle,
    now: datetime,
    loosened: Loosened = NOTHING_LOOSENED,
) -> Window:
    """Whose bytes of which days count for the line in `cycle`."""
    carrier = book.carriers[line.carrier_id]
    return Window(
        line.line_id,
        cycle,
        carrier.source,
        carrier.country,
        plan_id=line.plan_id,
        by_day=rules_of(line, book).by_day,
        today=now.astimezone(carrier.zone).date(),
        trips=tuple(trip for trip in loosened.trips if _touches(trip, cycle)),
    )


def _touches(trip: Trip, cycle: Cycle) -> bool:
    return trip.first_day < cycle.end_day and trip.last_day >= cycle.first_day


def usages_of(
    *,
    lines: Sequence[Subject],
    book: RuleBook,
    now: datetime,
    loosened: Mapping[int, Loosened] | None = None,
) -> dict[int, Usage]:
    """The use of each line in its running cycle, with what its trips pay for."""
    known = loosened or {}
    windows = [
        window_of(
            line, book, cycle_of(line, book, now), now, known.get(line.line_id, NOTHING_LOOSENED)
        )
        for line in lines
    ]
    found = usage_in(windows=windows, zones=book.zones)
    return {window.line_id: found[window.key] for window in windows}


def verdict(
    line: Subject,
    *,
    book: RuleBook,
    usage: Usage,
    now: datetime,
    exceptions: Sequence[Loosening] = (),
    crossed_at: Mapping[str, datetime] | None = None,
) -> Decision:
    """decide() with the rules that hold for the line."""
    zone = book.carriers[line.carrier_id].zone
    rules = rules_of(line, book)
    return decide(
        line_id=line.line_id,
        rules=rules,
        usage=usage,
        now=now,
        cycle_ends_at=usage.cycle.ends_at(zone),
        day_ends_at=_end_of_day(now, zone) if rules.by_day else None,
        exceptions=exceptions,
        crossed_at=crossed_at,
        active=line.active,
        personal=line.personal,
    )


def _end_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    return start_of_day(now.astimezone(zone).date() + timedelta(days=1), zone)


def crossings_known(*, lines: Iterable[Subject], book: RuleBook) -> dict[str, datetime]:
    """When limits with a grace delay were crossed, by identity: their alerts say so."""
    waiting = [line.line_id for line in lines if rules_of(line, book).has_grace]
    if not waiting:
        return {}
    raised = Alert.objects.filter(subject_type=SUBJECT, subject_id__in=waiting)
    return dict(raised.values_list("identity", "raised_at"))


def shortfalls(*, line: Line, now: datetime) -> dict[str, int]:
    """Bytes of a top-up, by its scope, that it takes until no limit of that scope blocks `line`."""
    book, subject = rule_book(), subject_of(line)
    since = cycle_of(subject, book, now).first_day
    loosened = loosenings(line_ids=[line.pk], now=now, since=since)
    usage = usages_of(lines=[subject], book=book, now=now, loosened=loosened)[line.pk]
    return {
        scope: shortfall(
            rules=rules_of(subject, book),
            usage=usage,
            exceptions=loosened.get(line.pk, NOTHING_LOOSENED).exceptions,
            now=now,
            scope=scope,
        )
        for scope in ("domestic", "roaming")
    }
