"""Usage in any order, split and repeated in any way, comes to the same counters, alerts, blocks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.models import Alert
from connectors.models import Signal
from tests.engine.scene import MB, a_plan, blocked, lines, phone_for, record, settle, take
from usage.cycles import cycle_of_day
from usage.decisions import Usage, crossings, decide
from usage.models import Line, Plan, Policy, Threshold, UsageCounter, UsageRecord
from usage.queries.due_lines import cycle_rule, rule_book
from usage.workers.counters import differences
from usage.workers.ingest import LATE_CAN_WAIT

pytestmark = pytest.mark.usefixtures("in_northwind")

# Cycles from February to the running one of March; Amsterdam is an hour ahead of UTC.
MOMENTS = [
    datetime(2026, 2, 10, 12, tzinfo=UTC),
    datetime(2026, 2, 28, 22, 59, 59, tzinfo=UTC),
    datetime(2026, 2, 28, 23, tzinfo=UTC),
    datetime(2026, 3, 9, 23, 30, tzinfo=UTC),
    datetime(2026, 3, 10, 12, tzinfo=UTC),
]
PLATFORMS = ("ios", "knox")


@pytest.fixture
def plan(in_northwind) -> Plan:
    policy = Policy.objects.create(name="Everything")
    for position, (scope, measure, value, roaming, cellular) in enumerate(
        [
            ("domestic", "percent", 80, False, False),
            ("domestic", "percent", 100, False, True),
            ("roaming", "remaining", 3 * MB, False, False),
            ("roaming", "percent", 100, True, False),
            ("total", "bytes", 25 * MB, True, True),
        ],
        start=1,
    ):
        Threshold.objects.create(
            policy=policy,
            position=position,
            scope=scope,
            measure=measure,
            value=Decimal(value),
            block_roaming=roaming,
            block_cellular=cellular,
        )
    return a_plan(cap=20 * MB, roaming_cap=10 * MB, policy=policy)


samples = st.tuples(
    st.integers(0, 1),
    st.integers(0, 9).map(lambda number: number * MB),
    st.sampled_from(MOMENTS),
    st.sampled_from(["NL", "NL", "DE", "ZZ"]),
    st.integers(1, 3),
)
numbers = iter(range(10**6))


@given(drawn=st.lists(samples, min_size=1, max_size=14), data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_order_any_batches_any_repetition(plan, drawn, data):
    number = next(numbers)
    pair = lines(f"l{number}-0", f"l{number}-1", plan=plan)
    phones = [phone_for(line, kind) for line, kind in zip(pair, PLATFORMS, strict=True)]
    rows: list[str] = []
    for index, (who, volume, at, country, times) in enumerate(drawn):
        key = UUID(int=index)
        rows += [record(pair[who], volume, at=at, country=country, key=key)] * times
    rows = data.draw(st.permutations(rows))
    while rows:
        size = data.draw(st.integers(1, len(rows)))
        take(rows[:size])
        rows = rows[size:]
        if data.draw(st.booleans()):
            settle()
    settle()
    settle(MOMENTS[-1] + LATE_CAN_WAIT)
    assert UsageRecord.objects.filter(line__in=pair).count() == len(drawn)
    assert differences() == []
    for who, (line, device) in enumerate(zip(pair, phones, strict=True)):
        mine = [sample[1:4] for sample in drawn if sample[0] == who]
        _check(line, device, mine)


def _check(line: Line, device: Any, mine: list[tuple[int, datetime, str]]) -> None:
    """Counters, alerts and restrictions as worked out from the samples alone."""
    days: Counter[tuple[Any, str]] = Counter()
    for volume, at, country in mine:
        days[at.astimezone(line.carrier.zone).date(), country] += volume
    found = UsageCounter.objects.filter(line=line).values_list("day", "country", "volume")
    assert {(day, country): volume for day, country, volume in found} == dict(days)

    plan = line.plan_links.get().plan
    rules = rule_book().rules(plan_id=plan.pk, line_policy_id=None)
    expected: dict[str, bool] = {}
    restrictions: set[str] = set()
    for day in (datetime(2026, 2, 1).date(), datetime(2026, 3, 1).date()):
        cycle = cycle_of_day(cycle_rule(plan), day)
        within = {
            key: sum_ for key, sum_ in days.items() if cycle.first_day <= key[0] < cycle.end_day
        }
        usage = Usage(
            cycle,
            sum(sum_ for (_, country), sum_ in within.items() if country == "NL"),
            sum(sum_ for (_, country), sum_ in within.items() if country != "NL"),
        )
        is_late = day.month == 2
        for crossing in crossings(line_id=line.pk, rules=rules, usage=usage):
            expected[crossing.identity] = is_late
        if not is_late:
            now = MOMENTS[-1]
            verdict = decide(
                line_id=line.pk,
                rules=rules,
                usage=usage,
                now=now,
                cycle_ends_at=now + timedelta(days=1),
            )
            restrictions = set(verdict.restrictions)
    alerts = Alert.objects.filter(subject_id=line.pk)
    assert {alert.identity: alert.late for alert in alerts} == expected
    assert {alert.state for alert in alerts} <= {"open"}
    assert blocked(device) == restrictions
    asked = Signal.objects.filter(line_id=line.pk).values_list("action", "restriction")
    assert sorted(asked) == sorted(("block", name) for name in restrictions)
