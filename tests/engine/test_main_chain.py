"""From a counter to a verified phone and back again: who is blocked, who is not, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from alerts.models import Alert
from common.sentences import SENTENCES
from connectors.models import Connector, Signal, SignalledRestriction
from devices.actions.restrictions import block_by_hand, release_by_hand
from devices.models import Command, DeviceControl, RestrictionReason
from tests.engine.scene import (
    APRIL,
    DAY,
    GB,
    HOUR,
    MB,
    NOW,
    a_plan,
    blocked,
    commands,
    contents,
    lines,
    lines_with_phones,
    phone,
    settle,
    use,
)
from tests.factories import UserFactory
from usage.actions.exceptions import end, unblock
from usage.actions.lines import retire
from usage.models import Decision, LinePlan, LineWatch, Plan, Policy, Threshold
from usage.queries import judging
from usage.workers import evaluate
from usage.workers.due import make_due

RULES = ("InstallProfile", "ProfileList")
ROAMING_OFF = ("DeviceInformation", "Settings", "DeviceInformation")
CHANGES = {
    ("ios", "cellular_data"): RULES,
    ("ipados", "cellular_data"): RULES,
    ("ios", "roaming_data"): ROAMING_OFF + RULES,
    ("ipados", "roaming_data"): ROAMING_OFF + RULES,
    ("knox", "cellular_data"): ("knox.restriction",),
    ("knox", "roaming_data"): ("knox.restriction",),
}
HISTORY = (
    "usage_decision",
    "usage_linewatch",
    "alerts_alert",
    "connectors_signal",
    "connectors_signalledrestriction",
    "devices_restrictionreason",
    "devices_devicecontrol",
    "devices_command",
    "devices_simulateddevice",
)
pytestmark = pytest.mark.usefixtures("in_northwind")


# --- there ------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["ios", "ipados", "knox"])
@pytest.mark.parametrize(
    ("volume", "country", "restriction"),
    [
        (GB, "NL", "cellular_data"),
        (100 * MB, "DE", "roaming_data"),
        (100 * MB, "ZZ", "roaming_data"),
    ],
)
def test_usage_over_a_cap_becomes_a_verified_restriction_step_by_step(
    platform, volume, country, restriction
):
    [(line, device)] = lines_with_phones(platform)
    settle()
    use(line, volume, country=country)
    settle()
    assert blocked(device) == {restriction}
    decision = Decision.objects.latest("pk")
    assert (decision.restrictions, decision.standing) == ([restriction], "over")
    assert (decision.cycle_start, decision.cycle_end) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        APRIL,
    )
    alerts = Alert.objects.order_by("severity")
    assert [(alert.severity, alert.state, alert.late) for alert in alerts] == [
        ("critical", "open", False),
        ("warning", "open", False),
    ]
    signal = Signal.objects.get()
    assert (signal.action, signal.restriction, signal.outcome) == (
        "block",
        restriction,
        "processed",
    )
    assert (signal.line_id, signal.device_id) == (line.pk, device.pk)
    reason = RestrictionReason.objects.get()
    assert (reason.origin, reason.line_id) == (Connector.objects.get().origin, line.pk)
    assert "has been reached" in reason.sentence
    assert sorted(commands(device)) == sorted(
        (kind, "verified") for kind in CHANGES[platform, restriction]
    )
    control = DeviceControl.objects.get(device=device)
    assert control.observed_generation == control.desired_generation == 1
    assert control.next_attempt_at == NOW + 4 * HOUR
    assert (control.attempts, control.last_error, control.leased_until) == (0, "", None)


def test_exactly_the_lines_over_their_cap_are_blocked_and_no_other_phone_is_touched():
    everyone = lines_with_phones("ios", "knox", "ipados", "ios", "knox", "ipados", "ios", "knox")
    for (line, _), volume in zip(
        everyone, [0, 799 * MB, 800 * MB, GB - 1, GB, GB + 1, 5 * GB, 80 * MB], strict=True
    ):
        use(line, volume)
    settle()
    assert [blocked(device) for _, device in everyone] == [set()] * 4 + [
        {"cellular_data"},
        {"cellular_data"},
        {"cellular_data"},
        set(),
    ]
    assert not Command.objects.filter(device__in=[device for _, device in everyone[:4]]).exists()
    assert Alert.objects.count() == 2 * 1 + 2 * 3


def test_both_restrictions_share_one_command_when_they_come_together():
    [(line, device)] = lines_with_phones("ios")
    use(line, GB)
    use(line, 100 * MB, country="FR")
    settle()
    assert blocked(device) == {"cellular_data", "roaming_data"}
    assert [kind for kind, _ in commands(device)].count("InstallProfile") == 1


def test_usage_below_the_budgets_makes_no_line_due():
    [(line, _)] = lines_with_phones("ios")
    settle()
    for volume in (1, 100 * MB, 800 * MB - 102 * MB):
        use(line, volume)
        assert evaluate.evaluate_due(now=NOW) == 0
    use(line, 2 * MB)
    assert evaluate.evaluate_due(now=NOW) == 1
    assert Alert.objects.get().severity == "warning"


def test_judging_again_adds_nothing():
    everyone = lines_with_phones("ios", "knox", "ipados")
    for (line, _), volume in zip(everyone, [GB, 900 * MB, 5], strict=True):
        use(line, volume)
        use(line, volume // 5, country="BE")
    settle()
    before = contents(*HISTORY)
    for _ in range(3):
        assert make_due() == 3
        settle()
    assert contents(*HISTORY) == before


def test_every_reason_that_is_kept_has_a_sentence():
    [(line, _)] = lines_with_phones("knox")
    use(line, GB)
    settle()
    unblock(line=line, by=UserFactory(), reason="travels", now=NOW)
    settle()
    kept = {*Decision.objects.values_list("reason", flat=True)}
    kept |= {*Signal.objects.values_list("reason", flat=True)}
    kept |= {*Alert.objects.values_list("reason", flat=True)}
    assert kept
    assert kept <= SENTENCES.keys()


# --- and back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["ios", "ipados", "knox"])
def test_the_next_cycle_releases(platform, clock):
    [(line, device)] = lines_with_phones(platform)
    use(line, GB)
    settle()
    clock.move_to(APRIL - timedelta(seconds=1))
    settle()
    assert blocked(device) == {"cellular_data"}
    clock.move_to(APRIL)
    settle()
    assert blocked(device) == set()
    assert not RestrictionReason.objects.exists()
    assert not SignalledRestriction.objects.exists()
    assert set(Alert.objects.values_list("state", flat=True)) == {"resolved"}
    assert Signal.objects.latest("pk").reason == "released_within_limits"
    assert LineWatch.objects.get().evaluate_at == datetime(2026, 4, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_raised_cap_releases_and_a_lowered_one_blocks(platform):
    [(line, device)] = lines_with_phones(platform)
    use(line, 2 * GB)
    settle()
    for cap, expected in [(3 * GB, set()), (2 * GB, {"cellular_data"}), (None, set())]:
        Plan.objects.update(domestic_cap=cap)
        make_due()
        settle()
        assert blocked(device) == expected


def test_a_policy_of_bytes_and_totals_holds_too():
    plan = a_plan(cap=None, roaming_cap=None)
    policy = Policy.objects.create(name="Total")
    Threshold.objects.create(
        policy=policy,
        scope="total",
        measure="bytes",
        value=Decimal(500 * MB),
        block_cellular=True,
        block_roaming=True,
    )
    Plan.objects.update(policy=policy)
    [(line, device)] = lines_with_phones("ipados", plan=plan)
    use(line, 300 * MB)
    use(line, 199 * MB, country="US")
    settle()
    assert blocked(device) == set()
    use(line, MB)
    settle()
    assert blocked(device) == {"cellular_data", "roaming_data"}


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_an_unblock_by_hand_releases_and_its_end_blocks_again(platform, clock):
    [(line, device)] = lines_with_phones(platform)
    use(line, GB)
    settle()
    alerts = contents("alerts_alert")
    unblock(line=line, by=UserFactory(), reason="abroad", until=NOW + 3 * HOUR, now=NOW)
    settle()
    assert blocked(device) == set()
    clock.move_to(NOW + 3 * HOUR - timedelta(seconds=1))
    settle()
    assert blocked(device) == set()
    clock.move_to(NOW + 3 * HOUR)
    settle()
    assert blocked(device) == {"cellular_data"}
    assert contents("alerts_alert") == alerts
    assert Signal.objects.filter(action="block").count() == 2


def test_an_unblock_ended_early_blocks_again_at_once():
    [(line, device)] = lines_with_phones("ios")
    use(line, GB)
    settle()
    by = UserFactory()
    exception = unblock(line=line, by=by, reason="abroad", now=NOW)
    settle()
    assert blocked(device) == set()
    end(exception=exception, by=by, now=NOW)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_a_retired_line_is_released():
    [(line, device), (other, other_device)] = lines_with_phones("ios", "knox")
    use(line, GB)
    use(other, GB)
    settle()
    retire(line=line, now=NOW, by=UserFactory())
    settle()
    assert blocked(device) == set()
    assert blocked(other_device) == {"cellular_data"}
    assert LineWatch.objects.get(line=line).evaluate_at is None
    assert set(Alert.objects.filter(subject_id=line.pk).values_list("state", flat=True)) == {
        "resolved"
    }


def test_what_is_set_by_hand_and_what_a_line_earned_end_apart():
    [(line, device)] = lines_with_phones("ios")
    by = UserFactory()
    use(line, GB)
    block_by_hand(device=device, restriction="cellular_data", by=by, reason="lost", now=NOW)
    block_by_hand(device=device, restriction="roaming_data", by=by, reason="lost", now=NOW)
    settle()
    assert blocked(device) == {"cellular_data", "roaming_data"}
    Plan.objects.update(domestic_cap=5 * GB)
    make_due()
    settle()
    assert blocked(device) == {"cellular_data", "roaming_data"}
    release_by_hand(device=device, restriction="cellular_data", by=by, now=NOW)
    settle()
    assert blocked(device) == {"roaming_data"}


# --- late -------------------------------------------------------------------------------------


@pytest.mark.parametrize("was_judged", [True, False])
def test_late_rows_of_a_closed_cycle_alert_but_never_block_the_present(was_judged, clock):
    [(line, device)] = lines_with_phones("ios")
    if was_judged:
        settle()
    use(line, 2 * GB, at=datetime(2026, 2, 20, 12, tzinfo=UTC))
    use(line, 900 * MB, at=datetime(2025, 12, 31, 12, tzinfo=UTC))
    settle()
    assert blocked(device) == set()
    assert phone(device).restrictions() == frozenset()
    assert not Signal.objects.exists()
    late = Alert.objects.order_by("facts__first_day", "severity")
    assert [(alert.facts["first_day"], alert.severity, alert.late) for alert in late] == [
        ("2025-12-01", "warning", True),
        ("2026-02-01", "critical", True),
        ("2026-02-01", "warning", True),
    ]
    before = contents("alerts_alert")
    make_due()
    settle()
    clock.move_to(APRIL)
    settle()
    assert contents("alerts_alert") == before


def test_the_last_second_of_a_cycle_belongs_to_it():
    [(line, device)] = lines_with_phones("ios")
    midnight = datetime(2026, 2, 28, 23, tzinfo=UTC)
    use(line, GB, at=midnight - timedelta(seconds=1))
    settle()
    assert blocked(device) == set()
    use(line, GB, at=midnight)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_usage_that_nobody_judged_before_the_cycle_ended_alerts_late(clock):
    [(line, device)] = lines_with_phones("ios")
    settle()
    clock.move_to(APRIL - HOUR)
    use(line, GB)
    clock.move_to(APRIL + DAY)
    settle()
    assert blocked(device) == set()
    assert set(Alert.objects.values_list("late", flat=True)) == {True}
    assert Alert.objects.count() == 2


# --- one bad line -----------------------------------------------------------------------------


def test_a_line_that_cannot_be_judged_is_set_aside_and_its_neighbours_are_judged(
    clock, monkeypatch
):
    everyone = lines_with_phones("ios", "ios", "knox")
    poison = everyone[1][0]
    healthy = judging.decide

    def decide(*, line_id, **facts):
        if line_id == poison.pk:
            raise ZeroDivisionError("poison")
        return healthy(line_id=line_id, **facts)

    monkeypatch.setattr(judging, "decide", decide)
    for line, _ in everyone:
        use(line, GB)
    settle()
    assert [blocked(device) for _, device in everyone] == [
        {"cellular_data"},
        set(),
        {"cellular_data"},
    ]
    watch = LineWatch.objects.get(line=poison)
    assert (watch.attempts, watch.evaluate_at) == (1, NOW + timedelta(seconds=30))
    for attempts, pause in ((2, 30), (3, 60)):
        clock.shift(pause)
        settle()
        watch.refresh_from_db()
        assert watch.attempts == attempts
    assert watch.evaluate_at is None
    assert "ZeroDivisionError: poison" in watch.last_error
    alert = Alert.objects.get(kind="evaluation_failed")
    assert (alert.subject_id, alert.severity, alert.state) == (poison.pk, "critical", "open")
    monkeypatch.setattr(judging, "decide", healthy)
    use(poison, 1)
    make_due(line_ids=[poison.pk])
    settle()
    assert blocked(everyone[1][1]) == {"cellular_data"}
    alert.refresh_from_db()
    assert alert.state == "resolved"
    watch.refresh_from_db()
    assert (watch.attempts, watch.last_error) == (0, "")


def test_a_line_without_plan_is_judged_by_the_calendar_month_and_never_blocked():
    [line] = lines("loose")
    LinePlan.objects.all().delete()
    use(line, 10**15)
    settle()
    assert Decision.objects.latest("pk").standing == "within"
    assert LineWatch.objects.get().evaluate_at == APRIL
