"""Living through the past: usage, judgement and phones, step by step, each at its own time.

The demo's alerts, decisions, signals and commands are not written by the demo: the product's own
workers make them, with the clock of the step. Steps are a week long far back, a day long in the
last weeks and two hours on the last day, which is what a person looks at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from devices.gateways.simulator.fleet import answer_due
from devices.workers.enforce import enforce_batch
from sandbox import feed
from sandbox.world import DemoTenant
from usage.workers.evaluate import evaluate_batch

DAY, DAYS, HOURS = timedelta(days=1), timedelta(days=5), timedelta(hours=3)
LAST_DAYS = timedelta(days=6)
BEFORE_MIDNIGHT = time(23, 50)
ROUNDS = 12


def moments(*, begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The ends of the steps, the last of which is `end`; midnight is that of `zone`."""
    at = begin
    while at < end:
        evening = datetime.combine(at.astimezone(zone), BEFORE_MIDNIGHT, zone).astimezone(UTC)
        if evening <= at:
            evening += DAY
        if end - at > LAST_DAYS:
            step = min(at + DAYS, end - LAST_DAYS)
        else:
            step = evening if end - at > DAY else min(at + HOURS, evening)
        at = min(step, end)
        yield at


def lively(*, begin: datetime, end: datetime) -> feed.Lively:
    """Cycles are lively if they are lived through whole; days, in the last days."""
    return feed.Lively(cycles=begin.date() + DAY, days=(end - LAST_DAYS).date() + DAY)


def live(*, demo: DemoTenant, begin: datetime, until: datetime, lively: feed.Lively) -> None:
    """One step of a demo tenant in scope: what was used, and all that follows from it."""
    feed.take(demo=demo, begin=begin, end=until, now=until, lively=lively)
    settle(now=until)


def settle(*, now: datetime) -> None:
    """Let the tenant's lines be judged and its phones be told until nothing is due."""
    for _round in range(ROUNDS):
        judged = evaluate_batch(now=now)
        told = enforce_batch(now=now)
        if not (judged or told or answer_due(now=now)):
            return
