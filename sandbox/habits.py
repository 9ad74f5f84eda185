"""How the people of the demo use their phones: which bytes, where and when.

Pure and reproducible: the sessions of one line on one local day follow from the seed, the line's
number and the day, and from nothing else. So history and the feed that goes on after it are the
same thing cut at different moments, and taking a piece twice gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from usage.cycles import Cycle, CycleRule, cycle_of_day, start_of_day

KINDS = {
    "light": (46, (0.04, 0.40)),
    "usual": (26, (0.40, 0.74)),
    "heavy": (11, (0.80, 0.99)),
    "over": (10, (1.04, 1.40)),
    "spree": (7, (0.10, 0.40)),
}
"""Of a hundred lines so many are like this, and end a cycle with this share of their cap."""
KINDS_OF_A_DAY = {
    "light": (0.10, 0.55),
    "usual": (0.45, 0.90),
    "heavy": (0.70, 1.10),
    "over": (0.90, 1.35),
    "spree": (1.05, 1.60),
}
"""The same for lines whose cycle is a day: some of them meet their limit every day."""
SPREE = (1.02, 1.25)
"""The share of its cap that a spree eats in two days, somewhere in the first three quarters."""
CALM = 0.70
"""In calm times nobody comes nearer to a cap than this."""
TRAVELLERS = 0.20
DRAWERS = 0.03
"""The part of the lines whose phone lies in a drawer every other forty days."""
DRAWER_DAYS = 40
HOURS = (0, 0, 0, 0, 0, 1, 2, 5, 8, 8, 7, 7, 9, 8, 7, 7, 8, 9, 8, 7, 7, 6, 4, 2)
"""How likely a session begins in each hour of the day."""
WORKDAY, WEEKEND = 1.2, 0.5
ABROAD = ("DE", "BE", "FR", "ES", "IT", "GB", "US", "CH", "AT", "PL", "NL", "SE")


@dataclass(frozen=True)
class Subscriber:
    """One line as its use depends on it; caps are in bytes."""

    number: str
    country: str
    zone: ZoneInfo
    cycle: CycleRule
    domestic_cap: int
    roaming_cap: int


@dataclass(frozen=True)
class Session:
    """Bytes used from `at` (UTC) on in a country; `day` is the local day, `key` its identity."""

    at: datetime
    key: UUID
    country: str
    volume: int
    day: date


@dataclass(frozen=True)
class _Trip:
    first_day: date
    end_day: date
    country: str
    volume: int


def sessions(
    *,
    subscriber: Subscriber,
    begin: datetime,
    end: datetime,
    seed: int,
    lively_from: date = date.min,
) -> Iterator[Session]:
    """The line's sessions that start from `begin` up to, not including, `end`.

    Cycles that began before `lively_from` are calm.
    """
    day = begin.astimezone(subscriber.zone).date()
    last = end.astimezone(subscriber.zone).date()
    while day <= last:
        for session in _sessions_of_day(subscriber, day, seed, lively_from):
            if begin <= session.at < end:
                yield session
        day += timedelta(days=1)


def _sessions_of_day(
    subscriber: Subscriber, day: date, seed: int, lively_from: date
) -> Iterator[Session]:
    chance = Random(f"{seed} {subscriber.number} {day}")  # noqa: S311 - reproducible on purpose
    country, volume = _use_of_day(subscriber, day, seed, lively_from, chance)
    parts = chance.randint(2, 5)
    hours = chance.choices(range(24), HOURS, k=parts)
    weights = [chance.uniform(0.3, 1.7) for _ in range(parts)]
    midnight = start_of_day_in(day, subscriber.zone)
    for hour, weight in zip(hours, weights, strict=True):
        at = midnight + timedelta(hours=hour, seconds=chance.randrange(3600))
        key = UUID(int=chance.getrandbits(128))
        share = int(volume * weight / sum(weights))
        if share and at.astimezone(subscriber.zone).date() == day:
            yield Session(at=at, key=key, country=country, volume=share, day=day)


def _use_of_day(
    subscriber: Subscriber, day: date, seed: int, lively_from: date, chance: Random
) -> tuple[str, int]:
    """Where the line is that day, and its bytes."""
    kind, is_traveller, drawer = _character(seed, subscriber.number)
    if drawer is not None and (day.toordinal() + drawer) // DRAWER_DAYS % 2:
        return subscriber.country, 0
    rule = subscriber.cycle
    cycle = cycle_of_day(rule, day)
    calm = cycle.first_day < lively_from
    if rule.kind == "daily":
        share = chance.uniform(*KINDS_OF_A_DAY[kind])
        return subscriber.country, int(
            subscriber.domestic_cap * (min(share, CALM) if calm else share)
        )
    if is_traveller:
        trip = _trip(subscriber, cycle, seed, calm)
        if trip and trip.first_day <= day < trip.end_day:
            days = (trip.end_day - trip.first_day).days
            return trip.country, int(trip.volume * chance.uniform(0.8, 1.2) / days)
    share, spree_from = _share(subscriber.number, cycle, seed, kind)
    if calm:
        share, spree_from = min(share, CALM), None
    length = (cycle.end_day - cycle.first_day).days
    rhythm = WEEKEND if day.weekday() >= 5 else WORKDAY
    volume = subscriber.domestic_cap * share / length * rhythm * chance.uniform(0.6, 1.4)
    if spree_from is not None and 0 <= (day - spree_from).days < 2:
        volume = subscriber.domestic_cap * chance.uniform(*SPREE) / 2
    return subscriber.country, int(volume)


def kind_of(*, number: str, seed: int) -> str:
    """What kind of user the line has, a key of KINDS."""
    return _character(seed, number)[0]


@lru_cache(maxsize=4_000)
def _character(seed: int, number: str) -> tuple[str, bool, int | None]:
    """(kind, whether it travels, the phase of its drawer) of a line, for good."""
    chance = Random(f"{seed} {number}")  # noqa: S311
    kind = chance.choices(list(KINDS), [weight for weight, _share in KINDS.values()])[0]
    travels = chance.random() < TRAVELLERS
    drawer = chance.randrange(2 * DRAWER_DAYS) if chance.random() < DRAWERS else None
    return kind, travels, drawer


@lru_cache(maxsize=20_000)
def _share(number: str, cycle: Cycle, seed: int, kind: str) -> tuple[float, date | None]:
    """The share of its cap that the line would use in a cycle, and when a spree begins."""
    chance = Random(f"{seed} {number} {cycle.first_day}")  # noqa: S311
    share = chance.uniform(*KINDS[kind][1])
    if kind != "spree":
        return share, None
    length = (cycle.end_day - cycle.first_day).days
    return share, cycle.first_day + timedelta(days=chance.randrange(max(1, length * 3 // 4)))


@lru_cache(maxsize=20_000)
def _trip(subscriber: Subscriber, cycle: Cycle, seed: int, calm: bool) -> _Trip | None:
    """The journey of a traveller in this cycle; six of ten cycles have one."""
    chance = Random(f"{seed} {subscriber.number} {cycle.first_day} abroad")  # noqa: S311
    if chance.random() > 0.6:
        return None
    length = (cycle.end_day - cycle.first_day).days
    days = chance.randint(3, 7)
    first = cycle.first_day + timedelta(days=chance.randrange(max(1, length - days)))
    country = chance.choice([name for name in ABROAD if name != subscriber.country])
    low, high = chance.choices([(0.15, 0.7), (0.82, 0.97), (1.05, 1.4)], [60, 15, 25])[0]
    share = chance.uniform(low, high)
    return _Trip(
        first_day=first,
        end_day=first + timedelta(days=days),
        country=country,
        volume=int(subscriber.roaming_cap * (min(share, CALM) if calm else share)),
    )


@lru_cache(maxsize=2_000)
def start_of_day_in(day: date, zone: ZoneInfo) -> datetime:
    return start_of_day(day, zone).astimezone(UTC)
