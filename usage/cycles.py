"""Billing cycles: which local days belong together, and at which instants they begin and end.

Cycles are half-open ranges of local days in the carrier's time zone, so a change of clocks makes
a cycle an hour longer or shorter and never splits a day. Pure: no clock, no database.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["monthly", "days", "daily"]


@dataclass(frozen=True)
class CycleRule:
    """How a plan's cycles follow each other.

    `billing_day` (1-31, clamped to short months) is read for monthly rules, `days` and
    `first_day` (the first day of some cycle) for rules of so many days.
    """

    kind: Kind = "monthly"
    billing_day: int = 1
    days: int | None = None
    first_day: date | None = None

    def __post_init__(self) -> None:
        if self.kind == "monthly" and not 1 <= self.billing_day <= 31:
            raise ValueError(f"{self.billing_day} is not a day of a month.")
        if self.kind == "days" and (not self.days or self.days < 1 or self.first_day is None):
            raise ValueError("A cycle of so many days wants their number and a first day.")


@dataclass(frozen=True, order=True)
class Cycle:
    """Local days from `first_day` up to, not including, `end_day`."""

    first_day: date
    end_day: date

    @property
    def last_day(self) -> date:
        return self.end_day - timedelta(days=1)

    def starts_at(self, zone: ZoneInfo) -> datetime:
        """The instant (UTC) at which the cycle begins in `zone`."""
        return start_of_day(self.first_day, zone)

    def ends_at(self, zone: ZoneInfo) -> datetime:
        """The instant (UTC) at which the next cycle begins in `zone`."""
        return start_of_day(self.end_day, zone)


def cycle_of_day(rule: CycleRule, day: date) -> Cycle:
    """The cycle that the local day belongs to."""
    if rule.kind == "daily":
        return Cycle(day, day + timedelta(days=1))
    if rule.kind == "days":
        assert rule.days is not None and rule.first_day is not None
        first = rule.first_day + timedelta(
            days=(day - rule.first_day).days // rule.days * rule.days
        )
        return Cycle(first, first + timedelta(days=rule.days))
    this_month = _billing_day(day.year, day.month, rule.billing_day)
    if day >= this_month:
        return Cycle(this_month, _billing_day(*_next(day.year, day.month), rule.billing_day))
    return Cycle(_billing_day(*_previous(day.year, day.month), rule.billing_day), this_month)


def cycle_at(rule: CycleRule, moment: datetime, zone: ZoneInfo) -> Cycle:
    """The cycle running at an instant (aware datetime) for a carrier in `zone`."""
    return cycle_of_day(rule, moment.astimezone(zone).date())


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which clocks in `zone` show `day` or later.

    Midnight itself does not exist where clocks jump over it, and a whole day does not where a
    country changed sides of the date line; then it is the instant of the jump.
    """
    midnight = datetime.combine(day, time(), tzinfo=zone)
    instant = midnight.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return instant
    before, after = instant - timedelta(hours=30), instant + timedelta(hours=30)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle <= before:
            middle = before + timedelta(seconds=1)
        if middle.astimezone(zone).date() >= day:
            after = middle
        else:
            before = middle
    return after


def _billing_day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _next(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _previous(year: int, month: int) -> tuple[int, int]:
    return (year - 1, 12) if month == 1 else (year, month - 1)
