"""Unmatched usage is given to a line, has lines made for it, is dismissed, and taken back.

1. The names are locked in order, so of two people who decide at once one finds it done.
2. What waits is counted like any other usage, and marked; the day is that of the line's carrier.
3. The audit event and the counts are of the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from audit.actions import Act, Actor, record_many
from common.refusals import Refused
from usage.actions.lines import NewLine, add_lines
from usage.actions.samples import OLDEST, take_for_line
from usage.actions.unmatched_samples import sample_of
from usage.carrier_files import LocalDays
from usage.models import (
    Carrier,
    Line,
    LineState,
    NameKind,
    Plan,
    Source,
    UnmatchedName,
    UnmatchedRow,
    UnmatchedState,
)
from usage.partitions import ensure_partitions
from usage.queries.personal_lines import personal_lines
from usage.queries.sample_lines import SampledLine
from usage.queries.unmatched import lines_now
from usage.workers.due import make_due
from usage.workers.ingest import ingest
from usage.workers.record_rows import record_row

MOST_ROWS = 100_000
"""Rows that one act counts; a person waits for it."""
MOST_NAMES = 5_000
MAKES_LINES = {NameKind.MSISDN, NameKind.REFERENCE}


class UnmatchedRefused(Refused):
    """The usage cannot be given to this line, or decided like this."""


@dataclass(frozen=True)
class Counted:
    """What an act did: names and rows counted, their bytes, and rows that still wait."""

    names: int
    rows: int
    volume: int
    left: int


@transaction.atomic
def assign(*, names: QuerySet[UnmatchedName], line: Line, now: datetime, by: Actor) -> Counted:
    """Count everything that waits under the names for one line. Raises UnmatchedRefused."""
    mine = _locked(names, UnmatchedState.OPEN)
    line = Line.objects.select_related("carrier").get(pk=line.pk)
    if line.state != LineState.ACTIVE:
        raise UnmatchedRefused(_("This line is retired."), field="line")
    for name in mine:
        if name.carrier_id not in {None, line.carrier_id}:
            raise UnmatchedRefused(
                _("%(name)s stands in a file of another carrier than this line's.")
                % {"name": name.value},
                field="line",
            )
    return _count(dict.fromkeys(mine, line), now=now, by=by)


@transaction.atomic
def create_lines(
    *,
    names: QuerySet[UnmatchedName],
    carrier: Carrier | None,
    plan: Plan | None,
    now: datetime,
    by: Actor,
) -> Counted:
    """A line for each name, and its usage counted for it. Raises UnmatchedRefused, LineRefused.

    `carrier` is for names that a device agent told; those of a file have theirs. Without a plan
    lines get the default one of their carrier.
    """
    mine = _locked(names, UnmatchedState.OPEN)
    by_carrier: dict[int, list[UnmatchedName]] = defaultdict(list)
    for name in mine:
        if name.kind not in MAKES_LINES:
            raise UnmatchedRefused(
                _(
                    "%(name)s is the number of a SIM or device. Assign it to a line; one can be "
                    "made of a phone number or a carrier's reference only."
                )
                % {"name": name.value}
            )
        of_carrier = name.carrier_id or (carrier.pk if carrier else None)
        if of_carrier is None:
            raise UnmatchedRefused(
                _("Choose the carrier of the lines that device agents named."), field="carrier"
            )
        by_carrier[of_carrier].append(name)
    made: dict[UnmatchedName, Line] = {}
    for pk, of_carrier_names in sorted(by_carrier.items()):
        its = Carrier.objects.select_for_update(no_key=True).get(pk=pk)
        if its.retired_at is not None:
            raise UnmatchedRefused(_("%(name)s is retired.") % {"name": its})
        if plan is not None and plan.carrier_id != its.pk:
            raise UnmatchedRefused(
                _("%(plan)s is no plan of %(carrier)s.") % {"plan": plan, "carrier": its},
                field="plan",
            )
        lines = add_lines(
            carrier=its,
            keys=[NewLine(**{name.kind: name.value}) for name in of_carrier_names],
            plan=plan or Plan.objects.filter(carrier=its, is_default=True).first(),
            now=now,
            by=by,
        )
        made.update(zip(of_carrier_names, lines, strict=True))
    make_due(line_ids=[line.pk for line in made.values()])
    return _count(made, now=now, by=by)


@transaction.atomic
def match_again(
    *, names: QuerySet[UnmatchedName], home_country: str, now: datetime, by: Actor
) -> Counted:
    """Count what waits for the lines that have these names by now. Raises UnmatchedRefused."""
    mine = _locked(names, UnmatchedState.OPEN)
    found = lines_now(names=mine, home_country=home_country)
    lines = Line.objects.select_related("carrier").in_bulk(set(found.values()))
    personal = personal_lines(line_ids=set(lines))
    matched = {
        name: lines[found[name.pk]]
        for name in mine
        if name.pk in found and found[name.pk] not in personal
    }
    if not matched:
        raise UnmatchedRefused(_("No active line has any of these numbers or references yet."))
    return _count(matched, now=now, by=by)


@transaction.atomic
def dismiss(*, names: QuerySet[UnmatchedName], now: datetime, by: Actor) -> int:
    """Nobody's usage: out of the list, and kept. Returns how many. Raises UnmatchedRefused."""
    action = "unmatched_usage.dismissed"
    return _set(names, UnmatchedState.OPEN, UnmatchedState.DISMISSED, action, now=now, by=by)


@transaction.atomic
def take_back(*, names: QuerySet[UnmatchedName], now: datetime, by: Actor) -> int:
    """Open again after a dismissal. Returns how many. Raises UnmatchedRefused."""
    action = "unmatched_usage.reopened"
    return _set(names, UnmatchedState.DISMISSED, UnmatchedState.OPEN, action, now=now, by=by)


def _set(
    names: QuerySet[UnmatchedName],
    former: str,
    state: str,
    action: str,
    *,
    now: datetime,
    by: Actor,
) -> int:
    mine = _locked(names, former)
    for name in mine:
        name.state, name.changed_at = state, now
    UnmatchedName.objects.bulk_update(mine, ["state", "changed_at"], batch_size=1_000)
    record_many(
        by=by,
        acts=[Act(action=action, subject=name, after={"rows": name.waiting}) for name in mine],
    )
    return len(mine)


def _locked(names: QuerySet[UnmatchedName], state: str) -> list[UnmatchedName]:
    keys = names.filter(state=state).order_by().values("pk")[: MOST_NAMES + 1]
    rows = UnmatchedName.objects.filter(pk__in=list(keys.values_list("pk", flat=True)), state=state)
    locked = rows.order_by("pk").select_for_update(of=["self"], no_key=True)
    mine = list(locked.select_related("carrier"))
    if not mine:
        raise UnmatchedRefused(_("Nothing that was chosen is waiting for this any more."))
    if len(mine) > MOST_NAMES or sum(name.waiting for name in mine) > MOST_ROWS:
        raise UnmatchedRefused(
            _("These are more rows than can be decided at once. Choose fewer, or filter the list.")
        )
    return mine


def _count(lines: dict[UnmatchedName, Line], *, now: datetime, by: Actor) -> Counted:
    personal = personal_lines(line_ids={line.pk for line in lines.values()})
    if personal:
        raise UnmatchedRefused(
            _("The line's SIM is in a personal device, whose usage is not collected."),
            field="line",
        )
    ensure_partitions(today=now.date())
    rows = UnmatchedRow.objects.filter(
        name__in=list(lines), counted_at=None, started_at__gte=now - OLDEST
    )
    by_pk = {name.pk: name for name in lines}
    of_files: dict[int | None, list[bytes]] = defaultdict(list)
    of_agents: dict[int, list[UnmatchedRow]] = defaultdict(list)
    days: dict[str, LocalDays] = {}
    counted: list[int] = []
    for row in rows.order_by("pk"):
        name = by_pk[row.name_id]
        if name.source == Source.AGENT:
            of_agents[name.pk].append(row)
            continue
        line = lines[name]
        zone = line.carrier.time_zone
        local = days.setdefault(zone, LocalDays(line.carrier.zone))
        of_files[row.file_id].append(
            record_row(
                line_id=line.pk,
                at=row.started_at,
                day=local.of(row.started_at.timestamp()),
                country=row.country,
                key=row.key,
                volume=row.volume,
            )
        )
        counted.append(row.pk)
    for file_id, of_file in of_files.items():
        ingest(rows=of_file, source=Source.CARRIER, now=now, file_id=file_id)
    for pk, waiting in of_agents.items():
        counted += _count_samples(waiting, lines[by_pk[pk]], now)
    UnmatchedRow.objects.filter(pk__in=counted).update(counted_at=now)
    return _written(lines, len(counted), now=now, by=by)


def _count_samples(waiting: Sequence[UnmatchedRow], line: Line, now: datetime) -> list[int]:
    carrier = line.carrier
    left = take_for_line(
        samples=[sample_of(row) for row in waiting],
        line=SampledLine(line.pk, carrier.country, carrier.zone),
        now=now,
    )
    return [row.pk for row in waiting if row.key not in left]


def _written(lines: dict[UnmatchedName, Line], rows: int, *, now: datetime, by: Actor) -> Counted:
    """The names with what still waits under them, and the word of it."""
    sums = {
        found["name_id"]: found
        for found in UnmatchedRow.objects.filter(name__in=list(lines), counted_at=None)
        .order_by()
        .values("name_id")
        .annotate(
            waiting=Count("pk"),
            bytes=Sum("volume"),
            first=Min("started_at"),
            last=Max("started_at"),
        )
    }
    acts, volume, left = [], 0, 0
    for name, line in lines.items():
        still = sums.get(name.pk, {"waiting": 0, "bytes": 0, "first": None, "last": None})
        done, its_volume = name.waiting - still["waiting"], name.volume - still["bytes"]
        volume, left = volume + its_volume, left + still["waiting"]
        name.waiting, name.volume = still["waiting"], still["bytes"]
        name.first_at = still["first"] or name.first_at
        name.last_at = still["last"] or name.last_at
        name.state = UnmatchedState.OPEN if still["waiting"] else UnmatchedState.COUNTED
        name.line, name.changed_at = line, now
        after = {"line": str(line), "rows": done, "volume": its_volume}
        acts.append(Act(action="unmatched_usage.assigned", subject=name, after=after))
    fields = ["waiting", "volume", "first_at", "last_at", "state", "line", "changed_at"]
    UnmatchedName.objects.bulk_update(lines, fields, batch_size=1_000)
    record_many(by=by, acts=acts)
    return Counted(names=len(lines), rows=rows, volume=volume, left=left)
