"""Counters of devices: what two neighbours say, and the same sums whatever the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.models import Alert
from devices.models import Device
from tests.engine.scene import DAY, HOUR, MB, NOW, a_plan, blocked, lines, phone_for, settle
from usage.actions.sample_kinds import CounterSample, IntervalSample, Place
from usage.actions.samples import Taken, take_samples
from usage.models import Carrier, CounterReading, Line, UsageCounter, UsageRecord
from usage.readings import MOST_DAYS, WRAP, Reading, parts_between, used_between
from usage.workers.counters import differences
from usage.workers.ingest import LATE_CAN_WAIT

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def reading(in_: int, out: int = 0, **more: Any) -> Reading:
    terms = {"at": NOW, "boot_id": "a", "bits": 64, "country": "NL", "line_id": 1, **more}
    return Reading(counter_in=in_, counter_out=out, zone=AMSTERDAM, **terms)


@pytest.mark.parametrize(
    ("last", "this", "used"),
    [
        (None, reading(500), 0),
        (reading(100, 10), reading(150, 15), 55),
        (reading(100), reading(100), 0),
        (reading(100), reading(50), None),
        (reading(100, bits=32), reading(50, bits=32), WRAP - 50),
        (reading(100, 7, bits=32), reading(50, 9, bits=32), WRAP - 50 + 2),
        (reading(100, 7), reading(30, 4, boot_id="b"), 34),
        (reading(100, 7), reading(300, 9, boot_id="b"), 309),
        (reading(100, 7, boot_id=""), reading(30, 9, boot_id=""), 39),
        (reading(100, 7, boot_id=""), reading(130, 9, boot_id="b"), 32),
        (reading(100, bits=32, boot_id=""), reading(50, bits=32, boot_id=""), 50),
    ],
)  # fmt: skip
def test_what_two_neighbours_say(last, this, used):
    assert used_between(last, this) == used


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "this", "parts"),
    [
        # Midnight in Amsterdam is 23:00 UTC.
        (
            reading(0, at=at(9, 21)), reading(100, at=at(10, 1)),
            [(at(9, 21), "NL", 50), (at(9, 23), "NL", 50)],
        ),
        (reading(0, at=at(9, 22)), reading(100, at=at(9, 23)), [(at(9, 22), "NL", 100)]),
        (
            reading(0, at=at(9, 10), country="BE"), reading(100, at=at(9, 14)),
            [(at(9, 10), "BE", 50), (at(9, 12), "NL", 50)],
        ),
        (reading(0, at=at(9, 10)), reading(1, at=at(9, 14), country="BE"), [(at(9, 12), "BE", 1)]),
        (reading(5, at=at(9, 10)), reading(5, at=at(9, 14)), []),
        (reading(0, at=at(9, 10)), reading(7, at=at(9, 10), boot_id="b"), [(at(9, 10), "NL", 7)]),
    ],
)  # fmt: skip
def test_a_difference_is_spread_over_days_and_countries(last, this, parts):
    assert [(part.at, part.country, part.volume) for part in parts_between(last, this)] == parts


@given(
    volume=st.integers(0, 10**15),
    seconds=st.integers(0, 2 * 366 * 86_400),
    countries=st.tuples(*[st.sampled_from(["NL", "BE"])] * 2),
    offset=st.integers(0, 366 * 86_400),
)
def test_the_parts_are_the_whole_and_each_in_a_day_of_its_own(volume, seconds, countries, offset):
    begin = NOW + timedelta(seconds=offset)
    last = reading(0, at=begin, country=countries[0])
    this = reading(volume, at=begin + timedelta(seconds=seconds), country=countries[1])
    parts = parts_between(last, this)
    assert sum(part.volume for part in parts) == volume
    assert len(parts) <= MOST_DAYS + 3
    keys = [(part.at.astimezone(AMSTERDAM).date(), part.country) for part in parts]
    assert len(set(keys)) == len(keys)
    assert all(last.at <= part.at <= this.at for part in parts)


# --- with the database ----------------------------------------------------------------------------


def sample(device: Device, **more: Any) -> CounterSample:
    terms: dict[str, Any] = {
        "key": UUID(int=1), "device": ("imei", device.imei), "line": None, "sampled_at": NOW,
        "boot_id": "a", "interface": "pdp_ip0", "bits": 64, "counter_in": 0, "counter_out": 0,
        "place": Place(),
    }  # fmt: skip
    return CounterSample(**{**terms, **more})


def take(*samples: Any) -> Taken:
    return take_samples(samples=list(enumerate(samples)), home_country="NL", now=NOW)


def counters(line: Line) -> dict[tuple[Any, str], int]:
    found = UsageCounter.objects.filter(line=line, source="agent")
    return {(day, country): volume for day, country, volume in
            found.values_list("day", "country", "volume")}  # fmt: skip


@pytest.fixture
def phone(in_northwind) -> tuple[Line, Device]:
    [line] = lines("agent", plan=a_plan())
    Carrier.objects.update(drives_limits="agent")
    return line, phone_for(line, "ios")


def test_readings_count_and_block_and_the_late_one_between_moves_bytes(phone):
    line, device = phone
    first, middle, last = (
        sample(device, sampled_at=NOW - hours * HOUR, counter_in=volume)
        for hours, volume in ((20, 0), (2, 1_000 * MB), (1, 1_100 * MB))
    )
    assert take(first, last).accepted == 2
    assert sum(counters(line).values()) == 1_100 * MB
    assert len(counters(line)) == 2
    before = counters(line)
    assert take(middle).accepted == 1
    after = counters(line)
    assert sum(after.values()) == 1_100 * MB
    assert before != after
    assert take(first, middle, last).duplicate == 3
    assert counters(line) == after
    assert differences() == []
    settle()
    assert blocked(device) == {"cellular_data"}


def test_a_reading_that_comes_between_can_give_service_back(phone):
    line, device = phone
    take(
        sample(device, sampled_at=NOW - 3 * HOUR, counter_in=100, bits=32),
        sample(device, sampled_at=NOW - HOUR, counter_in=50, bits=32),
    )
    settle()
    assert blocked(device) == {"cellular_data"}  # it seemed to have wrapped
    take(sample(device, sampled_at=NOW - 2 * HOUR, counter_in=40, bits=32, boot_id=""))
    settle()
    assert blocked(device) == set()
    assert sum(counters(line).values()) == 50
    assert differences() == []


def test_the_third_reading_of_one_moment_replaces_what_the_second_was_derived_from(phone):
    line, device = phone
    for boot, counter in (("", 10), ("b", 30), ("a", 15)):
        take(sample(device, boot_id=boot, counter_in=counter))
    assert sum(counters(line).values()) == 5 + 30
    assert differences() == []


def test_use_that_moves_out_of_a_closed_cycle_takes_its_alert_along(phone):
    line, device = phone
    february = [NOW - days * DAY for days in (28, 27, 26)]
    wrapped = [sample(device, sampled_at=at, counter_in=counter, bits=32)
               for at, counter in ((february[0], 100), (february[2], 50))]  # fmt: skip
    settle()  # the line has a cycle now, so what follows is late
    take(*wrapped)
    settle(NOW + LATE_CAN_WAIT)
    late = Alert.objects.filter(subject_id=line.pk, late=True)
    assert set(late.values_list("state", flat=True)) == {"open"}
    take(sample(device, sampled_at=february[1], counter_in=50, bits=32, boot_id=""))
    settle(NOW + LATE_CAN_WAIT)
    assert sum(counters(line).values()) == 50
    assert set(late.values_list("state", flat=True)) == {"resolved"}
    told = late.count()
    reference = ("reference", line.reference)
    take(IntervalSample(UUID(int=9), reference, february[1], None, 2_000 * MB, Place()))
    settle(NOW + LATE_CAN_WAIT)
    assert list(late.values_list("state", flat=True)) == ["open"] * told


def test_a_counter_of_64_bits_that_goes_back_is_kept_and_told_and_counts_nothing(phone):
    line, device = phone
    take(sample(device, sampled_at=NOW - 2 * HOUR, counter_in=100))
    taken = take(sample(device, sampled_at=NOW - HOUR, counter_in=50))
    assert (taken.accepted, taken.rejected[0].code) == (0, "counter_went_back")
    assert take(sample(device, sampled_at=NOW, counter_in=70)).accepted == 1
    assert sum(counters(line).values()) == 20


BOOTS = ("a", "a", "b", "")
MOMENTS = [NOW - number * timedelta(hours=7) for number in range(8)]
readings = st.builds(
    lambda where, boot, bits, in_, out, country: (where, boot, bits, in_, out, country),
    st.sampled_from(range(len(MOMENTS))),
    st.sampled_from(BOOTS),
    st.sampled_from([32, 64]),
    st.integers(0, 1000),
    st.integers(0, 10),
    st.sampled_from(["NL", "BE"]),
)
intervals = st.tuples(st.sampled_from(MOMENTS), st.integers(0, 1000), st.sampled_from(["NL", "BE"]))
numbers = iter(range(10**6))


@given(
    drawn=st.lists(readings, max_size=7, unique_by=lambda one: one[:2]),
    spans=st.lists(intervals, max_size=4),
    data=st.data(),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_order_any_split_and_any_repetition_gives_the_same_counters(
    in_northwind, drawn, spans, data
):
    number = next(numbers)
    [line] = lines(f"agent-{number}", plan=a_plan())
    device = phone_for(line, "ios")
    samples: list[Any] = [
        sample(
            device, key=UUID(int=index), sampled_at=MOMENTS[where], boot_id=boot, bits=bits,
            counter_in=in_, counter_out=out, place=Place(country=country),
        )
        for index, (where, boot, bits, in_, out, country) in enumerate(drawn)
    ] + [
        IntervalSample(
            UUID(int=index), ("reference", line.reference), moment, None, volume,
            Place(country=country),
        )
        for index, (moment, volume, country) in enumerate(spans)
    ]  # fmt: skip
    sent = [one for one in samples for _ in range(data.draw(st.integers(1, 3)))]
    sent = data.draw(st.permutations(sent))
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        take(*sent[:size])
        sent = sent[size:]

    expected: dict[tuple[Any, str], int] = {}

    def count(moment: datetime, country: str, volume: int) -> None:
        key = (moment.astimezone(AMSTERDAM).date(), country)
        expected[key] = expected.get(key, 0) + volume

    found = sorted((MOMENTS[one[0]], one[1], *one[2:]) for one in drawn)
    kept = [
        reading(in_, out, at=when, boot_id=boot, bits=bits, country=country)
        for when, boot, bits, in_, out, country in found
    ]
    for last, this in pairwise(kept):
        for part in parts_between(last, this):
            count(part.at, part.country, part.volume)
    for moment, volume, country in spans:
        count(moment, country, volume)
    assert counters(line) == expected
    assert differences() == []
    assert CounterReading.objects.filter(device=device).count() == len(drawn)


def test_only_what_is_new_touches_records(phone, django_assert_max_num_queries):
    _line, device = phone
    take(*(sample(device, sampled_at=NOW - n * HOUR, counter_in=100 - n) for n in range(1, 30)))
    with django_assert_max_num_queries(20):
        take(sample(device, counter_in=200))
    kept = replace(sample(device), sampled_at=NOW - 90 * timedelta(days=1))
    assert take(kept).accepted == 1
    assert UsageRecord.objects.filter(source="agent").count() >= 29
