"""Billing cycles: they tile the calendar, and their instants agree with the clocks on the wall."""

from __future__ import annotations

import struct
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage.carrier_files import LocalDays
from usage.cycles import Cycle, CycleRule, cycle_at, cycle_of_day, start_of_day

ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(1971, 1, 2), date(2099, 12, 30))
recent_days = st.dates(date(2012, 1, 1), date(2060, 12, 31))
monthly = st.builds(CycleRule, billing_day=st.integers(1, 31))
every_n_days = st.builds(CycleRule, kind=st.just("days"), days=st.integers(1, 366), first_day=days)
rules = st.one_of(monthly, every_n_days, st.just(CycleRule(kind="daily")))


def changes_of_clocks() -> list[tuple[ZoneInfo, date]]:
    """Every zone with every day of 2024 and 2025 after which its clocks show another offset."""
    noons = [
        datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=number) for number in range(2 * 365)
    ]
    found = []
    for name in ZONES:
        zone = ZoneInfo(name)
        offsets = [noon.astimezone(zone).utcoffset() for noon in noons]
        found += [
            (zone, noon.date())
            for noon, (before, after) in zip(noons, pairwise(offsets), strict=False)
            if before != after
        ]
    return found


# --- which days belong together ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("billing_day", "day", "first", "end"),
    [
        (1, "2024-02-29", "2024-02-01", "2024-03-01"),
        (1, "2024-01-01", "2024-01-01", "2024-02-01"),
        (15, "2024-12-31", "2024-12-15", "2025-01-15"),
        (15, "2025-01-14", "2024-12-15", "2025-01-15"),
        (15, "2025-01-15", "2025-01-15", "2025-02-15"),
        (31, "2024-02-28", "2024-01-31", "2024-02-29"),
        (31, "2024-02-29", "2024-02-29", "2024-03-31"),
        (31, "2023-02-28", "2023-02-28", "2023-03-31"),
        (31, "2024-04-30", "2024-04-30", "2024-05-31"),
        (31, "2024-05-30", "2024-04-30", "2024-05-31"),
        (30, "2023-03-29", "2023-02-28", "2023-03-30"),
        (29, "2023-02-28", "2023-02-28", "2023-03-29"),
        (29, "2024-02-28", "2024-01-29", "2024-02-29"),
    ],
)
def test_a_month_begins_on_its_billing_day_or_on_its_last_day(billing_day, day, first, end):
    cycle = cycle_of_day(CycleRule(billing_day=billing_day), date.fromisoformat(day))
    assert cycle == Cycle(date.fromisoformat(first), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("length", "day", "first"),
    [
        (28, "2024-01-01", "2024-01-01"),
        (28, "2024-01-28", "2024-01-01"),
        (28, "2024-01-29", "2024-01-29"),
        (28, "2023-12-31", "2023-12-04"),
        (28, "2023-12-03", "2023-11-06"),
        (1, "2024-05-05", "2024-05-05"),
        (366, "2023-12-31", "2022-12-31"),
    ],
)
def test_cycles_of_so_many_days_are_counted_from_their_first_day_both_ways(length, day, first):
    rule = CycleRule(kind="days", days=length, first_day=date(2024, 1, 1))
    cycle = cycle_of_day(rule, date.fromisoformat(day))
    assert (cycle.first_day, (cycle.end_day - cycle.first_day).days) == (
        date.fromisoformat(first),
        length,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"billing_day": 0},
        {"billing_day": 32},
        {"kind": "days"},
        {"kind": "days", "days": 0, "first_day": date(2024, 1, 1)},
        {"kind": "days", "days": -7, "first_day": date(2024, 1, 1)},
        {"kind": "days", "days": 7},
    ],
)
def test_a_rule_without_sense_cannot_be_made(wrong):
    with pytest.raises(ValueError):
        CycleRule(**wrong)


@given(rule=rules, day=days)
def test_every_day_lies_in_its_cycle_and_all_its_days_agree(rule, day):
    cycle = cycle_of_day(rule, day)
    assert cycle.first_day <= day <= cycle.last_day < cycle.end_day
    assert cycle_of_day(rule, cycle.first_day) == cycle == cycle_of_day(rule, cycle.last_day)


@given(rule=rules, day=days)
def test_cycles_tile_the_calendar_without_gap_or_overlap(rule, day):
    cycle = cycle_of_day(rule, day)
    assert cycle_of_day(rule, cycle.end_day).first_day == cycle.end_day
    assert cycle_of_day(rule, cycle.first_day - timedelta(days=1)).end_day == cycle.first_day


@given(billing_day=st.integers(1, 31), year=st.integers(1971, 2099))
def test_a_year_has_twelve_monthly_cycles_that_begin(billing_day, year):
    rule = CycleRule(billing_day=billing_day)
    every = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    starts = {cycle_of_day(rule, day).first_day for day in every} | {
        cycle_of_day(rule, date(year, 12, 31)).first_day
    }
    assert sorted(start.month for start in starts if start.year == year) == list(range(1, 13))


# --- at which instants ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("UTC", "2024-03-31", "2024-03-31T00:00:00"),
        ("Europe/Amsterdam", "2024-03-31", "2024-03-30T23:00:00"),
        ("Europe/Amsterdam", "2024-04-01", "2024-03-31T22:00:00"),
        ("Europe/Amsterdam", "2024-10-27", "2024-10-26T22:00:00"),
        ("Europe/Amsterdam", "2024-10-28", "2024-10-27T23:00:00"),
        # midnight itself is skipped
        ("America/Havana", "2024-03-10", "2024-03-10T05:00:00"),
        ("Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00"),
        # midnight comes twice: the first one counts
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00"),
        # the clocks go back at midnight, to the day before
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00"),
        ("Africa/Cairo", "2024-11-01", "2024-10-31T22:00:00"),
        # a day that does not exist, and its neighbours
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00"),
        ("Pacific/Apia", "2012-01-01", "2011-12-31T10:00:00"),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00:00"),
        # odd offsets
        ("Asia/Kathmandu", "2024-06-01", "2024-05-31T18:15:00"),
        ("Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00:00"),
        ("America/St_Johns", "2024-03-11", "2024-03-11T02:30:00"),
        ("Pacific/Kiritimati", "2024-06-01", "2024-05-31T10:00:00"),
    ],
)
def test_a_day_starts_at_the_first_instant_at_which_clocks_show_it(zone, day, instant):
    start = start_of_day(date.fromisoformat(day), ZoneInfo(zone))
    assert start == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def a_zone(rule: str) -> ZoneInfo:
    """A zone that only has a rule in POSIX form, as the last line of a file of zones."""
    header = struct.pack(">4s1s15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    block = struct.pack(">lbb4s", 0, 0, 0, b"AAA\x00")
    return ZoneInfo.from_file(BytesIO(header + block + header + block + f"\n{rule}\n".encode()))


def test_a_day_whose_midnight_is_inside_a_jump_starts_when_the_clocks_jump():
    """No zone has done this since 1970: from 23:30 on Saturday to 00:30 on Sunday."""
    zone = a_zone("AAA0BBB,M3.5.6/23:30,M10.5.6/3")
    jump = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert jump.astimezone(zone).replace(tzinfo=None) == datetime(2026, 3, 29, 0, 30)
    assert start_of_day(date(2026, 3, 29), zone) == jump
    assert start_of_day(date(2026, 3, 28), zone) == datetime(2026, 3, 28, tzinfo=UTC)
    assert start_of_day(date(2026, 3, 30), zone) == datetime(2026, 3, 29, 23, tzinfo=UTC)


def test_there_are_hundreds_of_zones_to_try():
    assert len(ZONES) > 400


@given(zone=zones, day=days)
@settings(max_examples=500)
def test_the_day_is_shown_from_its_start_and_not_before(zone, day):
    start = start_of_day(day, zone)
    assert start.utcoffset() == timedelta(0)
    assert start.astimezone(zone).date() >= day
    assert (start - timedelta(seconds=1)).astimezone(zone).date() < day


def test_in_every_zone_days_start_in_order_and_last_about_a_day():
    spans = [date(2023, 12, 30) + timedelta(days=number) for number in range(370)]
    for name in ZONES:
        zone = ZoneInfo(name)
        starts = [start_of_day(day, zone) for day in spans]
        lengths = {later - earlier for earlier, later in pairwise(starts)}
        assert min(lengths) >= timedelta(hours=22), name
        assert max(lengths) <= timedelta(hours=26), name


@given(rule=rules, zone=zones, day=days)
def test_a_cycle_ends_at_the_instant_at_which_the_next_one_starts(rule, zone, day):
    this = cycle_of_day(rule, day)
    following = cycle_of_day(rule, this.end_day)
    assert this.ends_at(zone) == following.starts_at(zone)
    assert this.starts_at(zone) <= this.ends_at(zone)


@given(rule=rules, zone=zones, day=recent_days, seconds=st.integers(0, 86_399))
@settings(max_examples=500)
def test_an_instant_lies_in_the_cycle_of_its_local_day(rule, zone, day, seconds):
    """Since 2012 no clock has gone back over midnight by less than to midnight."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)
    cycle = cycle_at(rule, moment, zone)
    assert cycle.first_day <= moment.astimezone(zone).date() < cycle.end_day
    assert cycle.starts_at(zone) <= moment < cycle.ends_at(zone)


@given(zone=zones, day=recent_days, seconds=st.integers(0, 86_399))
@settings(max_examples=500)
def test_imports_and_cycles_put_an_instant_on_the_same_local_day(zone, day, seconds):
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)
    assert LocalDays(zone).of(moment.timestamp()) == moment.astimezone(zone).date()


def test_whenever_clocks_change_every_hour_lies_in_the_cycle_of_its_day():
    changes = changes_of_clocks()
    assert len(changes) > 500
    daily = CycleRule(kind="daily")
    for zone, before in changes:
        noon = datetime(before.year, before.month, before.day, 12, tzinfo=UTC)
        local_days = LocalDays(zone)
        for hour in range(-12, 36):
            moment = noon + hour * timedelta(hours=1)
            cycle = cycle_at(daily, moment, zone)
            assert cycle.starts_at(zone) <= moment < cycle.ends_at(zone), (zone, moment)
            assert local_days.of(moment.timestamp()) == cycle.first_day, (zone, moment)
