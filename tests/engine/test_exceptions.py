"""Exceptions: service returns at once, ends by itself, and blocks again what is still over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.models import Alert
from audit.models import AuditEvent
from common.refusals import Refused
from tests.engine.scene import (
    APRIL,
    DAY,
    GB,
    HOUR,
    MB,
    NOW,
    blocked,
    lines_with_phones,
    settle,
    use,
)
from tests.factories import UserFactory
from usage.actions import exceptions as acts
from usage.models import HelpdeskAllowance, Line, LineException, LineWatch
from usage.queries.usage_sums import Part, Trip, covered_by

pytestmark = pytest.mark.usefixtures("in_northwind")
TODAY = NOW.date()


@pytest.fixture
def over(in_northwind) -> tuple[Line, Any]:
    """A line whose phone is blocked for the domestic cap, by 200 MB."""
    [(line, device)] = lines_with_phones("knox")
    use(line, GB + 200 * MB)
    settle()
    assert blocked(device) == {"cellular_data"}
    return line, device


@pytest.fixture
def abroad(in_northwind) -> tuple[Line, Any]:
    """A line whose phone is blocked for the roaming cap, by 50 MB."""
    [(line, device)] = lines_with_phones("ios")
    use(line, 150 * MB, country="US")
    settle()
    assert blocked(device) == {"roaming_data"}
    return line, device


def given_to(line: Line, act: Any, **terms: Any) -> LineException:
    return act(line=line, by=UserFactory(), reason="Agreed.", **terms)


def test_a_top_up_gives_service_back_and_the_next_byte_over_it_blocks(over):
    line, device = over
    given_to(line, acts.top_up, scope="domestic", volume=300 * MB)
    settle()
    assert blocked(device) == set()
    use(line, 100 * MB - 1)
    settle()
    assert blocked(device) == set()
    use(line, 1)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_a_top_up_that_is_too_small_or_for_other_data_gives_nothing_back(over):
    line, device = over
    given_to(line, acts.top_up, scope="domestic", volume=200 * MB)
    given_to(line, acts.top_up, scope="roaming", volume=GB)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_a_top_up_to_a_day_ends_there_and_blocks_again(over, clock):
    line, device = over
    row = given_to(line, acts.top_up, scope="domestic", volume=GB, last_day=TODAY + DAY)
    settle()
    assert blocked(device) == set()
    clock.move_to(row.ends_at - timedelta(seconds=1))
    settle()
    assert blocked(device) == set()
    clock.move_to(row.ends_at)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_a_top_up_settles_the_alerts_of_the_limits_it_raises(over):
    line, _device = over
    assert Alert.objects.filter(subject_id=line.pk, state="open").count() == 2
    given_to(line, acts.top_up, scope="domestic", volume=GB)
    settle()
    assert not Alert.objects.filter(subject_id=line.pk).exclude(state="resolved").exists()


@pytest.mark.parametrize(
    ("act", "terms"),
    [(acts.give_grace, {"last_day": TODAY}), (acts.unblock, {"until": NOW + 10 * HOUR})],
)
def test_what_keeps_blocks_away_ends_by_itself(over, clock, act, terms):
    line, device = over
    row = given_to(line, act, **terms)
    settle()
    assert blocked(device) == set()
    clock.move_to(row.ends_at)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_an_exemption_outlasts_the_cycle_until_it_is_ended(over, clock):
    line, device = over
    row = given_to(line, acts.exempt)
    settle()
    assert blocked(device) == set()
    clock.move_to(APRIL + DAY)
    use(line, 3 * GB)
    settle()
    assert blocked(device) == set()
    acts.end(exception=row, by=UserFactory())
    settle()
    assert blocked(device) == {"cellular_data"}
    with pytest.raises(acts.ExceptionRefused):
        acts.end(exception=row, by=UserFactory())


def test_the_helpdesks_unblock_ends_when_its_volume_is_used(over):
    line, device = over
    given_to(line, acts.unblock, allowance=HelpdeskAllowance(volume=50 * MB))
    settle()
    use(line, 50 * MB - 1)
    settle()
    assert blocked(device) == set()
    use(line, 1)
    settle()
    assert blocked(device) == {"cellular_data"}


# --- trips ----------------------------------------------------------------------------------------


def a_trip(line: Line, **terms: Any) -> LineException:
    defaults = {
        "countries": ["US"], "first_day": TODAY, "last_day": TODAY + 3 * DAY, "volume": 80 * MB,
        "approver": "Her manager",
    }  # fmt: skip
    return given_to(line, acts.trip, **{**defaults, **terms})


def test_use_on_a_trip_does_not_count_up_to_its_volume(in_northwind, clock):
    [(line, device)] = lines_with_phones("knox")
    row = a_trip(line)
    use(line, 80 * MB, country="US")
    use(line, 99 * MB, country="BE")
    settle()
    assert blocked(device) == set()
    clock.move_to(row.ends_at)
    settle()
    assert blocked(device) == set()
    use(line, MB, country="US")
    settle()
    assert blocked(device) == {"roaming_data"}


def test_a_trip_gives_a_blocked_line_its_volume_and_blocks_again_at_home(abroad, clock):
    line, device = abroad
    row = a_trip(line, first_day=TODAY + DAY, volume=200 * MB)
    settle()
    assert blocked(device) == {"roaming_data"}
    clock.move_to(row.starts_at)
    settle()
    assert blocked(device) == set()
    use(line, 20 * MB, country="US")
    settle()
    assert blocked(device) == set()
    clock.move_to(row.ends_at)
    settle()
    assert blocked(device) == {"roaming_data"}


def test_a_trip_ended_before_it_begins_never_was(abroad, clock):
    line, device = abroad
    row = a_trip(line, first_day=TODAY + DAY, volume=GB)
    acts.end(exception=row, by=UserFactory())
    clock.move_to(row.starts_at + HOUR)
    settle()
    assert blocked(device) == {"roaming_data"}


PLACES = {"US": "World", "BE": "EU", "DE": "Near"}
places = st.sampled_from(sorted(PLACES))
parts = st.lists(
    st.builds(
        lambda day, country, volume: Part(
            date(2026, 3, day), country, False, PLACES[country], volume
        ),
        st.integers(1, 5),
        places,
        st.integers(0, 100),
    ),
    max_size=6,
)
trips = st.lists(
    st.builds(
        lambda first, days, countries, volume, runs: Trip(
            date(2026, 3, first), date(2026, 3, first + days), countries, volume, runs
        ),
        st.integers(1, 5),
        st.integers(0, 3),
        st.frozensets(places, min_size=1),
        st.integers(0, 150),
        st.booleans(),
    ),
    max_size=3,
)
SCOPES = ("roaming", "domestic", "total", "zone:World", "zone:EU", "zone:Near")


def counted(found: list[Part], trips: list[Trip]) -> dict[str, int]:
    """What is counted against each scope, less what running trips add to its limit."""
    ordered = sorted(found, key=lambda part: (part.day, part.country))
    domestic = frozenset({"Near"})
    covered, left = covered_by(ordered, domestic, trips)
    used = dict.fromkeys(SCOPES, 0)
    for part in ordered:
        for scope in part.scopes(domestic):
            used[scope] += part.volume
    net = {scope: used[scope] - covered.get(scope, 0) for scope in SCOPES}
    assert all(value >= 0 for value in net.values())
    net["total"] = net["roaming"] + net["domestic"]
    return {
        scope: value - (0 if scope in {"domestic", "zone:Near"} else left)
        for scope, value in net.items()
    }


@given(found=parts, trips=trips, more=parts)
def test_bytes_come_no_nearer_to_a_limit_than_their_own_number_whatever_trips_pay(
    found, trips, more
):
    before, after = counted(found, trips), counted([*found, *more], trips)
    bytes_ = sum(part.volume for part in more)
    assert all(after[scope] - before[scope] <= bytes_ for scope in SCOPES)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "terms", "said"),
    [
        (acts.unblock, {"until": NOW}, "between now and the end"),
        (acts.unblock, {"until": APRIL + HOUR}, "between now and the end"),
        (acts.unblock, {"reason": " "}, "Give a reason"),
        (acts.top_up, {"last_day": TODAY - DAY}, "from today on"),
        (acts.top_up, {"last_day": TODAY + 400 * DAY}, "within a year"),
        (acts.give_grace, {"last_day": TODAY + 32 * DAY}, "within 31 days"),
        (acts.trip, {"last_day": TODAY - DAY}, "before the first"),
        (acts.trip, {"countries": ["NL"]}, "home country"),
        (acts.trip, {"first_day": TODAY - 9 * DAY, "last_day": TODAY - DAY}, "from today on"),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_no_trace(over, act, terms, said):
    line, _device = over
    LineWatch.objects.update(evaluate_at=None)
    defaults: dict[Any, dict[str, Any]] = {
        acts.top_up: {"scope": "domestic", "volume": MB},
        acts.trip: {
            "countries": ["US"], "first_day": TODAY, "last_day": TODAY, "volume": MB,
            "approver": "x",
        },
    }  # fmt: skip
    with pytest.raises(Refused, match=said):
        given_to(line, act, **{**defaults.get(act, {}), **terms}) if "reason" not in terms else act(
            line=line, by=UserFactory(), **terms
        )
    assert not LineException.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="line.un").exists()
    assert LineWatch.objects.get(line=line).evaluate_at is None


def test_the_helpdesk_stays_within_its_allowance(over):
    line, _device = over
    allowance = HelpdeskAllowance(hours=4, volume=100 * MB, times=2)
    refused = [
        (acts.unblock, {"until": NOW + 5 * HOUR}),
        (acts.unblock, {"volume": 100 * MB + 1, "until": NOW + HOUR}),
        (acts.top_up, {"scope": "domestic", "volume": 100 * MB + 1}),
        (acts.top_up, {"scope": "domestic", "volume": MB, "last_day": APRIL.date() + DAY}),
    ]
    for act, terms in refused:
        with pytest.raises(acts.ExceptionRefused, match="helpdesk may"):
            given_to(line, act, allowance=allowance, **terms)
    for _ in range(2):
        given_to(line, acts.top_up, scope="domestic", volume=100 * MB, allowance=allowance)
    with pytest.raises(acts.ExceptionRefused, match="Ask an administrator"):
        given_to(line, acts.unblock, until=NOW + HOUR, allowance=allowance)
    given_to(line, acts.unblock)
    assert LineException.objects.count() == 3
