"""What two neighbouring readings of a device's byte counters say was used between them.

    same boot           d = v - last, and 2^32 more where a 32-bit counter wrapped; a 64-bit counter
                        that went back counts nothing
    another boot        d = v (what was used before the restart and after the last reading is lost)
    boot not told       a counter that went back began again: d = v
    first reading       d = 0

A difference is spread over the local days between the readings, by their length; where the two
were in different countries, the first half of the time belongs to the first. Everything depends
on two neighbours alone, so readings may come in any order and any number of times. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5
from zoneinfo import ZoneInfo

from usage.cycles import start_of_day

WRAP = 2**32
MOST_DAYS = 62
"""Days over which a difference is spread; of a longer silence, the last ones."""


@dataclass(frozen=True)
class Reading:
    """Counters of one interface as read; `boot_id` is empty where the device did not tell."""

    at: datetime
    boot_id: str
    bits: int
    counter_in: int
    counter_out: int
    country: str
    line_id: int
    zone: ZoneInfo


@dataclass(frozen=True)
class Part:
    """Bytes of a difference that belong to one day and country, from `at` on."""

    at: datetime
    country: str
    volume: int


def used_between(last: Reading | None, now: Reading) -> int | None:
    """Bytes in both directions; None where a counter went back that cannot."""
    if last is None:
        return 0
    new, old = (now.counter_in, now.counter_out), (last.counter_in, last.counter_out)
    if last.boot_id and now.boot_id and last.boot_id != now.boot_id:
        return sum(new)
    steps = [after - before for after, before in zip(new, old, strict=True)]
    if min(steps) >= 0:
        return sum(steps)
    if not (last.boot_id and now.boot_id):
        return sum(new)
    if now.bits != 32:
        return None
    return sum(step if step >= 0 else step + WRAP for step in steps)


def parts_between(last: Reading | None, now: Reading) -> list[Part]:
    """The difference by day and country; the parts sum up to it exactly, empty ones are left out.

    They belong to the line of the later reading, whose zone says where days begin.
    """
    volume = used_between(last, now)
    if last is None or not volume:
        return []
    begin = max(last.at, now.at - timedelta(days=MOST_DAYS))
    middle = begin + (now.at - begin) / 2
    cuts = {begin, *_midnights(begin, now.at, now.zone)}
    if last.country != now.country:
        cuts.add(middle)
    starts = sorted(cuts)
    length = (now.at - begin) / timedelta(microseconds=1)
    found, told = [], 0
    for start, end in zip(starts, [*starts[1:], now.at], strict=True):
        passed = (end - begin) / timedelta(microseconds=1)
        so_far = volume * int(passed) // int(length) if end < now.at and length else volume
        country = now.country if start >= middle or last.country == now.country else last.country
        if so_far > told:
            found.append(Part(start, country, so_far - told))
        told = so_far
    return found


def _midnights(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    day = begin.astimezone(zone).date() + timedelta(days=1)
    while True:
        midnight = start_of_day(day, zone).astimezone(UTC)
        if midnight >= end:
            return
        if midnight > begin:
            yield midnight
        day += timedelta(days=1)


def key_of_part(*, stream: str, reading: Reading, number: int) -> UUID:
    """The identity of a difference's part: the same for the same reading of the same stream."""
    return uuid5(NAMESPACE_OID, f"{stream}|{reading.boot_id}|{reading.at.isoformat()}|{number}")


MOST_PARTS = MOST_DAYS + 4
"""More parts than any difference has: days begun, and one more for a change of country."""
