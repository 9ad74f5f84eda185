"""Samples of agents in any order, split and repeated in any way: the same as once and sorted.

Every line has a twin, whose samples come in one batch, by time. Counters are compared with what
the samples themselves say, alerts and restrictions with the twin's. An alert of use that a reading
in between moved elsewhere is resolved, so what still stands is compared, and nothing else may.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.models import Alert
from alerts.models.alert import AlertState
from devices.models import Device
from tests.engine.scene import MB, NOW, a_plan, blocked, lines, phone_for, settle
from usage.actions.sample_kinds import CounterSample, IntervalSample, Place
from usage.actions.samples import Taken, take_samples
from usage.models import (
    Carrier,
    Line,
    Plan,
    Policy,
    Threshold,
    UsageCounter,
    Zone,
    ZoneCountry,
)
from usage.readings import Reading, parts_between
from usage.workers.counters import differences
from usage.workers.ingest import LATE_CAN_WAIT

pytestmark = pytest.mark.usefixtures("in_northwind")

# Two cycles, and both sides of midnights in Amsterdam (23:00 UTC) and New York (5:00 UTC).
MOMENTS = [
    datetime(2026, 2, 10, 12, tzinfo=UTC),
    datetime(2026, 2, 28, 22, 59, tzinfo=UTC),
    datetime(2026, 3, 1, 5, tzinfo=UTC),
    datetime(2026, 3, 9, 23, 30, tzinfo=UTC),
    datetime(2026, 3, 10, 4, 59, tzinfo=UTC),
    NOW,
]
COUNTRIES = ("NL", "US", "BE", "CH", "BR")
LIMITS: list[dict[str, Any]] = [
    {"scope": "domestic", "measure": "percent", "value": 80},
    {"scope": "domestic", "measure": "percent", "value": 100, "block_cellular": True},
    {"scope": "domestic", "measure": "bytes", "value": 6 * MB, "period": "day"},
    {"scope": "roaming", "measure": "remaining", "value": 3 * MB},
    {"scope": "roaming", "measure": "percent", "value": 100, "block_roaming": True},
    {"scope": "zone", "zone": "Near", "measure": "bytes", "value": 4 * MB, "block_roaming": True},
    {"scope": "zone", "zone": "World", "measure": "percent", "value": 50},
    {"scope": "total", "measure": "money", "value": 9, "block_roaming": True},
    {
        "scope": "total", "measure": "bytes", "value": 9 * MB, "period": "day",
        "block_cellular": True,
    },
    {
        "scope": "total", "measure": "bytes", "value": 25 * MB, "block_cellular": True,
        "grace_seconds": 3_600,
    },
]  # fmt: skip


def a_zoned_plan(carrier: Carrier, policy: Policy) -> Plan:
    plan = Plan.objects.create(
        carrier=carrier, name="Zoned", policy=policy, domestic_cap=20 * MB, roaming_cap=10 * MB,
        overage_price=Decimal(1),
    )  # fmt: skip

    def zone(name: str, *countries: tuple[str, date | None, date | None], **terms: Any) -> None:
        made = Zone.objects.create(plan=plan, name=name, **terms)
        for country, valid_from, valid_to in countries:
            ZoneCountry.objects.create(
                zone=made, plan=plan, country=country, valid_from=valid_from, valid_to=valid_to
            )

    zone("Near", ("BE", None, None), ("CH", None, date(2026, 3, 9)), cap=8 * MB)
    zone("As at home", ("CH", date(2026, 3, 10), None), is_extended_domestic=True)
    zone("World", cap=5 * MB, price=Decimal(3), is_rest_of_world=True)
    return plan


@pytest.fixture
def plans(in_northwind) -> list[Plan]:
    policy = Policy.objects.create(name="Everything")
    for position, terms in enumerate(LIMITS, start=1):
        Threshold.objects.create(policy=policy, position=position, **terms)
    dutch = a_plan().carrier
    american = Carrier.objects.create(name="Bell", country="US", time_zone="America/New_York")
    Carrier.objects.update(drives_limits="agent")
    return [a_zoned_plan(carrier, policy) for carrier in (dutch, american)]


intervals = st.builds(
    lambda who, at, country, volume: ("interval", who, at, country, volume),
    st.integers(0, 1),
    st.sampled_from(MOMENTS),
    st.sampled_from(COUNTRIES),
    st.integers(0, 9).map(lambda number: number * MB),
)
readings = st.builds(
    lambda who, at, country, interface, boot, bits, counter: (
        "reading", who, at, country, interface, boot, bits, counter
    ),
    st.integers(0, 1),
    st.sampled_from(MOMENTS),
    st.sampled_from(COUNTRIES),
    st.sampled_from(["pdp_ip0", "pdp_ip0", "rmnet0"]),
    st.sampled_from(["", "a", "a", "b"]),
    st.sampled_from([32, 64]),
    st.integers(0, 30).map(lambda number: number * MB),
)  # fmt: skip
numbers = iter(range(10**6))


def identity(drawn: tuple) -> tuple:
    """Readings of one stream, moment and boot are one reading; other samples are their own."""
    return (*drawn[1:3], *drawn[4:6]) if drawn[0] == "reading" else (object(),)


@given(
    drawn=st.lists(st.one_of(readings, readings, intervals), min_size=1, unique_by=identity,
                   max_size=12),
    data=st.data(),
)  # fmt: skip
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_order_any_split_any_repetition(plans, drawn, data):
    number = next(numbers)
    mine = [lines(f"{number}-{plan.pk}", plan=plan)[0] for plan in plans]
    twins = [lines(f"{number}-{plan.pk}-twin", plan=plan)[0] for plan in plans]
    phones = {line: phone_for(line, "ios") for line in [*mine, *twins]}

    sent = samples(drawn, mine, phones)
    sent = [one for one in sent for _ in range(data.draw(st.integers(1, 3)))]
    sent = data.draw(st.permutations(sent))
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        take(sent[:size])
        sent = sent[size:]
        if data.draw(st.booleans()):
            settle(NOW + data.draw(st.sampled_from([timedelta(), LATE_CAN_WAIT])))
    take(samples(sorted(drawn, key=lambda one: one[2]), twins, phones))
    settle(NOW + LATE_CAN_WAIT)

    assert differences() == []
    for who, (line, twin) in enumerate(zip(mine, twins, strict=True)):
        expected = counters_of([one for one in drawn if one[1] == who], line)
        assert counters(line) == counters(twin) == expected
        assert standing_alerts(line) == standing_alerts(twin)
        assert blocked(phones[line]) == blocked(phones[twin])


def samples(drawn: list[tuple], whose: list[Line], phones: dict[Line, Device]) -> list[Any]:
    made: list[Any] = []
    for index, (kind, who, at, country, *terms) in enumerate(drawn):
        key, place = UUID(int=index), Place(country=country)
        if kind == "interval":
            line = ("reference", whose[who].reference)
            made.append(IntervalSample(key, line, at, None, terms[0], place))
        else:
            interface, boot, bits, counter = terms
            device = ("imei", phones[whose[who]].imei)
            made.append(
                CounterSample(key, device, None, at, boot, interface, bits, counter, 0, place)
            )
    return made


def take(batch: list[Any]) -> Taken:
    return take_samples(samples=list(enumerate(batch)), home_country="NL", now=NOW)


def counters_of(drawn: list[tuple], line: Line) -> dict[tuple[date, str], int]:
    """The line's counters as worked out from the samples alone."""
    zone, found = line.carrier.zone, {}

    def count(at: datetime, country: str, volume: int) -> None:
        key = (at.astimezone(zone).date(), country)
        found[key] = found.get(key, 0) + volume

    streams: dict[str, list[Reading]] = {}
    for kind, _who, at, country, *terms in drawn:
        if kind == "interval":
            count(at, country, terms[0])
        else:
            interface, boot, bits, counter = terms
            read = Reading(at, boot, bits, counter, 0, country, line.pk, zone)
            streams.setdefault(interface, []).append(read)
    for stream in streams.values():
        ordered = sorted(stream, key=lambda one: (one.at, one.boot_id))
        for last, this in pairwise(ordered):
            for part in parts_between(last, this):
                count(part.at, part.country, part.volume)
    return found


def counters(line: Line) -> dict[tuple[date, str], int]:
    found = UsageCounter.objects.filter(line=line, source="agent")
    return {(day, country): volume for day, country, volume in
            found.values_list("day", "country", "volume")}  # fmt: skip


def standing_alerts(line: Line) -> list[tuple[Any, ...]]:
    """What is said of each alert that is not resolved, apart from the figure at that moment."""
    found = Alert.objects.filter(subject_id=line.pk).exclude(state=AlertState.RESOLVED)
    told = [
        (alert.reason, alert.severity, alert.late, *(
            f"{name}={value}" for name, value in sorted(alert.facts.items())
            if name not in {"used", "spent"}
        ))
        for alert in found
    ]  # fmt: skip
    assert len(told) == len(set(told)), "one limit was told twice"
    return sorted(told)
