"""Samples of device agents: who they are of, whether they can be taken, and what they count for.

One request is one transaction. A sample that cannot be taken costs its neighbours nothing; one that
was taken before does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from usage.actions.sample_kinds import CounterSample, IntervalSample
from usage.actions.unmatched_samples import waiting
from usage.carrier_files import MAX_ROW, LocalDays
from usage.models import Source
from usage.queries.line_keys import BadKey
from usage.queries.personal_lines import personal_lines
from usage.queries.sample_lines import AmbiguousKey, SampledLine, SampleLines
from usage.readings import WRAP, Reading
from usage.workers.ingest import ingest
from usage.workers.readings import NewReading, derive
from usage.workers.record_rows import record_row
from usage.workers.unmatched import put_in_queue

OLDEST = timedelta(days=730)
AHEAD = timedelta(minutes=5)


WENT_BACK = (
    "The counter went back without a restart, which one of 64 bits cannot; the reading is kept and "
    "counts nothing."
)
S = TypeVar("S", IntervalSample, CounterSample)


class BadSample(Exception):
    """One sample that cannot be taken: a code for programs and an English sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Taken:
    """What became of a batch; `rejected` maps the place of a sample to why.

    `waiting` are the unmatched ones, which are kept until a person says whose they are.
    """

    accepted: int = 0
    duplicate: int = 0
    unmatched: int = 0
    rejected: dict[int, BadSample] = field(default_factory=dict)
    waiting: list[IntervalSample | CounterSample] = field(default_factory=list)


def take_samples(
    *,
    samples: Sequence[tuple[int, IntervalSample | CounterSample]],
    home_country: str,
    now: datetime,
) -> Taken:
    """Count samples, each with its place in the request, for the tenant in scope.

    `home_country` is the tenant's, for phone numbers in their national form.
    """
    taken = Taken()
    intervals = [(index, one) for index, one in samples if isinstance(one, IntervalSample)]
    counters = [(index, one) for index, one in samples if isinstance(one, CounterSample)]
    known = SampleLines(
        lines=[one.line for _, one in samples if one.line],
        devices=[one.device for _, one in samples if one.device],
        home_country=home_country,
    )
    of_intervals = _matched(intervals, known, taken, now)
    of_counters = _matched(counters, known, taken, now)
    put_in_queue(
        rows=[waiting(sample, home_country=home_country) for sample in taken.waiting],
        source=Source.AGENT,
        carrier_id=None,
        now=now,
    )
    personal = personal_lines(
        line_ids={line.line_id for _, _, line in [*of_intervals, *of_counters]}
    )
    days: dict[ZoneInfo, LocalDays] = {}
    rows = [
        _row(
            line,
            sample.started_at,
            sample.key,
            sample.place.in_country(line.home),
            sample.volume,
            days,
        )
        for _index, sample, line in _not_personal(of_intervals, personal, taken)
    ]
    readings = {
        index: reading
        for index, sample, line in _not_personal(of_counters, personal, taken)
        if (reading := _reading(sample, line, known))
    }
    if readings:
        with transaction.atomic():
            _count(rows, _derived(readings, taken, days, now), taken, now)
    elif rows:
        _count(rows, [], taken, now)
    return taken


def take_for_line(
    *, samples: Sequence[IntervalSample | CounterSample], line: SampledLine, now: datetime
) -> set[UUID]:
    """Count samples for a line that a person named; returns the keys of those that could not be.

    These are readings of a device that is not known, or not the only one of its number.
    """
    taken = Taken()
    days: dict[ZoneInfo, LocalDays] = {}
    counters = [one for one in samples if isinstance(one, CounterSample)]
    known = SampleLines(lines=[], devices=[one.device for one in counters], home_country="")
    rows = [
        _row(line, one.started_at, one.key, one.place.in_country(line.home), one.volume, days)
        for one in samples
        if isinstance(one, IntervalSample)
    ]
    readings: dict[int, NewReading] = {}
    left = set()
    for index, sample in enumerate(counters):
        try:
            reading = _reading(sample, line, known)
        except AmbiguousKey:
            reading = None
        if reading is None:
            left.add(sample.key)
        else:
            readings[index] = reading
    with transaction.atomic():
        derived = _derived(readings, taken, days, now) if readings else []
        _count(rows, derived, taken, now)
    return left


def _derived(
    readings: dict[int, NewReading], taken: Taken, days: dict[ZoneInfo, LocalDays], now: datetime
) -> list[bytes]:
    """Keep readings, by their place; the rows of usage that follow from them."""
    derived = derive(readings=list(readings.values()), now=now)
    taken.accepted += derived.new - len(derived.backwards)
    taken.duplicate += len(readings) - derived.new
    for index, one in readings.items():
        if one.identity in derived.backwards:
            taken.rejected[index] = BadSample("counter_went_back", WENT_BACK)
    return [
        _row(
            SampledLine(use.line_id, "", use.zone),
            use.part.at,
            use.key,
            use.part.country,
            use.part.volume,
            days,
        )
        for use in derived.uses
    ]


def _count(rows: list[bytes], derived: list[bytes], taken: Taken, now: datetime) -> None:
    """One batch of usage; derived rows are always new, since what they replace was taken back."""
    if rows or derived:
        done = ingest(rows=[*rows, *derived], source=Source.AGENT, now=now)
        new = done.accepted - len(derived)
        taken.accepted += new
        taken.duplicate += len(rows) - new


def _matched(
    samples: Sequence[tuple[int, S]], known: SampleLines, taken: Taken, now: datetime
) -> list[tuple[int, S, SampledLine]]:
    """Those with a line, whose times are in order; the others are told of in `taken`."""
    found = []
    for index, sample in samples:
        try:
            _check(sample, now)
            line = _line_of(sample, known)
        except BadSample as bad:
            taken.rejected[index] = bad
        except BadKey as bad:
            taken.rejected[index] = BadSample("bad_line", str(bad))
        except AmbiguousKey as bad:
            taken.rejected[index] = BadSample("ambiguous", str(bad))
        else:
            if line is None:
                taken.unmatched += 1
                taken.waiting.append(sample)
            else:
                found.append((index, sample, line))
    return found


def _line_of(sample: IntervalSample | CounterSample, known: SampleLines) -> SampledLine | None:
    device = known.device(sample.device) if sample.device else None
    if sample.device and device is None:
        return None
    if sample.line:
        return known.line(sample.line)
    return device.line if device else None


def _check(sample: IntervalSample | CounterSample, now: datetime) -> None:
    if isinstance(sample, IntervalSample):
        at = sample.started_at
        if sample.ended_at is not None and not at <= sample.ended_at <= now + AHEAD:
            raise BadSample("bad_time", "It ended before it began, or will end in the future.")
        if sample.volume > MAX_ROW:
            raise BadSample("too_much", "This is more than a line can use.")
    else:
        at = sample.sampled_at
        most = WRAP - 1 if sample.bits == 32 else MAX_ROW
        if max(sample.counter_in, sample.counter_out) > most:
            raise BadSample("too_much", f"A counter of {sample.bits} bits cannot be that far.")
    if not now - OLDEST <= at <= now + AHEAD:
        raise BadSample("bad_time", "The time is more than 24 months ago or in the future.")


def _not_personal(
    found: Sequence[tuple[int, S, SampledLine]], personal: set[int], taken: Taken
) -> list[tuple[int, S, SampledLine]]:
    for index, _sample, line in found:
        if line.line_id in personal:
            taken.rejected[index] = BadSample(
                "personal", "The line's SIM is in a personal device, whose usage is not collected."
            )
    return [one for one in found if one[2].line_id not in personal]


def _reading(sample: CounterSample, line: SampledLine, known: SampleLines) -> NewReading | None:
    device = known.device(sample.device)
    if device is None:
        return None
    reading = Reading(
        at=sample.sampled_at.astimezone(UTC),
        boot_id=sample.boot_id,
        bits=sample.bits,
        counter_in=sample.counter_in,
        counter_out=sample.counter_out,
        country=sample.place.in_country(line.home),
        line_id=line.line_id,
        zone=line.zone,
    )
    return NewReading(device.device_id, sample.interface, reading, sample.key)


def _row(
    line: SampledLine,
    at: datetime,
    key: UUID,
    country: str,
    volume: int,
    days: dict[ZoneInfo, LocalDays],
) -> bytes:
    """A row as ingest() takes it."""
    day = days.setdefault(line.zone, LocalDays(line.zone)).of(at.timestamp())
    return record_row(line_id=line.line_id, at=at, day=day, country=country, key=key, volume=volume)
