"""Every step of a line, newest first: usage, decision, alert, signal, control, command, answer.

Nothing is copied into a log of its own: the kinds of steps are read from their own rows and
merged by time. Steps of one instant stand in the order in which they cause each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from common.timelines import TimelineEntry
from usage.models import Line
from usage.queries import steps

PAGE = 30
LAST_PAGE = 20


@dataclass(frozen=True)
class TimelinePage:
    """A page of steps; the numbers of the neighbours are None at the ends."""

    entries: list[TimelineEntry]
    number: int
    previous: int | None
    next: int | None


def timeline(*, line: Line, page: str, now: datetime) -> TimelinePage:
    """A page of the steps of `line` (with its carrier); `page` is as typed, nonsense is page 1."""
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1
    number = min(max(number, 1), LAST_PAGE)
    most = number * PAGE + 1
    seats = steps.seats_of(line)
    found = sorted(
        chain(
            steps.usage(line, now, most),
            steps.acts(line, seats, most),
            steps.exceptions(line, most),
            steps.decisions(line, most),
            steps.alerts(line, most),
            steps.signals(line, most),
            steps.controls(seats),
            steps.commands(seats, most),
        ),
        key=lambda step: (step[1].time, step[0]),
        reverse=True,
    )
    start = (number - 1) * PAGE
    return TimelinePage(
        entries=[entry for _kind, entry in found[start : start + PAGE]],
        number=number,
        previous=number - 1 if number > 1 else None,
        next=number + 1 if len(found) > start + PAGE and number < LAST_PAGE else None,
    )
