"""What the demo's people use: the same on every look, and always something to see."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.feed import SEED, subscribers
from sandbox.habits import CALM, Subscriber, sessions
from sandbox.world import TENANTS, DemoTenant
from usage.cycles import cycle_of_day

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)
SOME = [list(subscribers(demo).values())[index] for demo in TENANTS for index in (0, 77, 140)]
HOURS = st.integers(min_value=0, max_value=24 * 60)


def used(subscriber: Subscriber, begin: datetime, end: datetime, **more):
    return list(sessions(subscriber=subscriber, begin=begin, end=end, seed=SEED, **more))


@given(st.sampled_from(SOME), st.tuples(HOURS, HOURS, HOURS))
def test_cut_at_any_moments_it_is_the_same_as_whole(subscriber, hours):
    first, middle, last = sorted(BEGIN + timedelta(hours=hour) for hour in hours)
    whole = used(subscriber, first, last)
    parts = used(subscriber, first, middle) + used(subscriber, middle, last)
    assert sorted(parts, key=lambda s: s.key) == sorted(whole, key=lambda s: s.key)


@pytest.mark.parametrize("number", range(len(SOME)))
def test_no_identity_is_used_twice_and_each_session_is_of_its_local_day(number):
    found = used(SOME[number], BEGIN, END)
    assert len({session.key for session in found}) == len(found) > 60
    for session in found:
        assert session.day == session.at.astimezone(SOME[number].zone).date()


def test_another_seed_is_another_company():
    one = list(sessions(subscriber=SOME[0], begin=BEGIN, end=END, seed=SEED))
    other = list(sessions(subscriber=SOME[0], begin=BEGIN, end=END, seed=SEED + 1))
    assert {session.volume for session in one}.isdisjoint({session.volume for session in other})


def by_day(demo: DemoTenant, **more) -> dict[Subscriber, dict[date, int]]:
    """What each line uses at home, day by day."""
    found: dict[Subscriber, dict[date, int]] = {}
    for subscriber in subscribers(demo).values():
        days: dict[date, int] = defaultdict(int)
        for session in used(subscriber, BEGIN, END, **more):
            if session.country == subscriber.country:
                days[session.day] += session.volume
        found[subscriber] = days
    return found


def share(subscriber: Subscriber, days: dict[date, int], today: date) -> float:
    first = cycle_of_day(subscriber.cycle, today).first_day
    return sum(v for day, v in days.items() if first <= day <= today) / subscriber.domestic_cap


@pytest.mark.parametrize("demo", TENANTS, ids=lambda demo: demo.slug)
def test_on_every_day_of_a_month_some_are_near_a_limit_and_some_are_over(demo):
    lines = by_day(demo)
    for number in range(31):
        today = date(2026, 10, 1) + timedelta(days=number)
        shares = [share(subscriber, days, today) for subscriber, days in lines.items()]
        over = sum(found >= 1 for found in shares)
        near = sum(0.8 <= found < 1 for found in shares)
        assert over >= 4 and near >= 2, (today, over, near)
        assert over + near < len(shares) / 4, (today, over, near)


def test_in_calm_months_nobody_comes_near():
    # A day may be a third above the mean of its cycle, so the sum is looked at and not the day.
    for subscriber, days in by_day(TENANTS[0], lively_from=date.max).items():
        assert share(subscriber, days, date(2026, 10, 31)) < CALM * 1.14
