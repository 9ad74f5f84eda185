"""Commands that wait: people hear of it after a day, blocks expire, releases never do."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.models import Alert
from devices.actions.restrictions import block_by_hand, release_by_hand
from devices.gateways.simulator.phone import Phone, answer
from devices.models import Command, DeviceControl, SimulatorMessage
from devices.plan import (
    CELLULAR,
    ROAMING,
    Change,
    Look,
    LookAtRoaming,
    SetRoaming,
    Situation,
    only_blocks,
)
from devices.platforms import render
from devices.workers import enforce
from tests.engine.scene import (
    DAY,
    HOUR,
    NOW,
    blocked,
    commands,
    inside,
    lines_with_phones,
    online,
    settle,
)
from tests.engine.wire import COMMAND, named

UNHEARD = "device_unheard"


@pytest.fixture
def block(in_northwind, alice):
    def act(platform="ios", restriction=CELLULAR, is_online=False):
        [(_line, device)] = lines_with_phones(platform)
        online(device, is_online)
        block_by_hand(device=device, restriction=restriction, by=alice, reason="lost")
        settle()
        return device

    return act


def wait(clock, until):
    """Let the time pass as it does: the device's control is worked off whenever it is due."""
    for _ in range(60):
        due = DeviceControl.objects.get().next_attempt_at
        if due is None or due > until:
            clock.move_to(until)
            return
        clock.move_to(due)
        settle()
    raise AssertionError("It is due again and again.")


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_block_unanswered_for_a_day_expires_is_told_of_and_the_device_asked_first(
    block, clock, platform
):
    device = block(platform)
    [command] = Command.objects.all()
    assert command.expires_at == NOW + DAY
    wait(clock, NOW + DAY - timedelta(seconds=1))
    assert (Command.objects.get().status, Alert.objects.count()) == ("pushed", 0)
    wait(clock, NOW + DAY)
    command.refresh_from_db()
    assert (command.status, command.closed_at) == ("expired", NOW + DAY)
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject_id, alert.state) == (UNHEARD, device.pk, "open")
    assert alert.facts["since"] == NOW.isoformat()
    wait(clock, NOW + 3 * DAY)
    look = Command.objects.exclude(pk=command.pk).get()
    assert (look.status, look.expires_at) == ("pushed", None), "a question may wait for ever"
    assert Alert.objects.count() == 1
    online(device, True)
    settle()
    assert blocked(device) == {CELLULAR}
    kinds = [kind for kind, status in commands(device) if status == "verified"]
    assert kinds[0] == look.kind, "asked before it was told"
    alert.refresh_from_db()
    assert alert.state == "resolved"


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_release_waits_for_ever(block, clock, alice, platform):
    device = block(platform, is_online=True)
    assert blocked(device) == {CELLULAR}
    online(device, False)
    release_by_hand(device=device, restriction=CELLULAR, by=alice)
    settle()
    release = Command.objects.get(closed_at=None)
    assert release.expires_at is None
    wait(clock, NOW + 3 * DAY)
    release.refresh_from_db()
    assert release.status == "pushed"
    assert Alert.objects.get().kind == UNHEARD
    online(device, True)
    settle()
    assert blocked(device) == set()
    assert Alert.objects.get().state == "resolved"


def test_a_wish_that_ended_while_the_phone_was_away_is_not_told_of_any_more(block, clock, alice):
    device = block()
    wait(clock, NOW + 2 * DAY)
    release_by_hand(device=device, restriction=CELLULAR, by=alice)
    assert Alert.objects.get().state == "resolved"
    settle()
    online(device, True)
    settle()
    assert blocked(device) == set()
    assert "InstallProfile" not in {
        kind for kind, status in commands(device) if status != "expired"
    }


def test_a_phone_that_says_not_now_for_a_day_is_asked_first(block, clock):
    device = block()
    inside(device, locked=True, online=True)
    wait(clock, NOW + DAY + 2 * HOUR)
    statuses = commands(device)
    assert not Alert.objects.exists(), "it is heard of"
    assert ("InstallProfile", "expired") in statuses
    assert ("ProfileList", "verified") in statuses, "a locked phone answers questions"
    inside(device, locked=False)
    wait(clock, timezone.now() + 2 * HOUR)
    assert blocked(device) == {CELLULAR}


def test_an_expired_command_is_taken_out_of_the_gateways_queue(block, clock):
    block("knox")
    [command] = Command.objects.all()
    assert SimulatorMessage.objects.filter(command_id=command.pk).exists()
    wait(clock, NOW + DAY)
    assert not SimulatorMessage.objects.filter(command_id=command.pk).exists()


def test_a_phone_that_is_looked_at_in_vain_is_told_of_too(block, clock):
    device = block("knox", is_online=True)
    online(device, False)
    wait(clock, NOW + 4 * HOUR + DAY)
    assert Alert.objects.filter(kind=UNHEARD).count() == 1
    assert Command.objects.filter(status="expired").count() == 0
    assert DeviceControl.objects.get(device=device).desired == [CELLULAR]


def test_a_format_that_a_phone_cannot_read_is_our_fault_and_told_of(
    in_northwind, alice, monkeypatch
):
    [(_line, device)] = lines_with_phones("ios")
    monkeypatch.setattr(
        enforce, "render", lambda **kwargs: type(render(**kwargs))("InstallProfile", b"<plist")
    )
    block_by_hand(device=device, restriction=CELLULAR, by=alice, reason="lost")
    settle()
    assert Command.objects.get().status == "format_error"
    assert Alert.objects.get().kind == "device_format_error"


@pytest.mark.parametrize(
    ("step", "held", "blocks"),
    [
        (Change(frozenset({CELLULAR})), None, True),
        (Change(frozenset({CELLULAR})), {CELLULAR}, True),
        (Change(frozenset({CELLULAR, ROAMING})), {CELLULAR}, True),
        (Change(frozenset({CELLULAR})), {ROAMING}, False),
        (Change(frozenset()), {CELLULAR}, False),
        (Change(frozenset()), None, False),
        (SetRoaming(enabled=False), None, True),
        (SetRoaming(enabled=True), None, False),
        (Look(), None, False),
        (LookAtRoaming(), None, False),
    ],
    ids=lambda value: named(value) if not isinstance(value, set) else named(frozenset(value)),
)
def test_only_what_gives_nothing_back_expires(step, held, blocks):
    observed = frozenset(held) if held is not None else None
    situation = Situation(desired=frozenset({CELLULAR}), observed=observed)
    assert only_blocks(step=step, situation=situation) is blocks


@pytest.mark.parametrize(("late", "status"), [(-1, "SUCCESS"), (0, "SUCCESS"), (1, "FAILURE")])
def test_an_agent_carries_out_nothing_that_has_expired(late, status):
    phone = Phone("knox", "", data_roaming=True, cellular_data=True, profiles={})
    rendered = render(
        platform="knox", step=Change(frozenset({CELLULAR})), device_id=1, command_id=COMMAND,
        now=NOW, expires_at=NOW + DAY,
    )  # fmt: skip
    assert json.loads(rendered.payload)["expires_at"] == "2026-03-11T12:00:00Z"
    now = NOW + DAY + timedelta(seconds=late)
    after, raw = answer(phone=phone, payload=rendered.payload, now=now)
    assert json.loads(raw)["status"] == status
    assert after.cellular_data is (status == "FAILURE")
