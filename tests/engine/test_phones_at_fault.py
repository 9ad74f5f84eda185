"""Phones that lie or answer nonsense, gateways that time out: tried again, not without end."""

from __future__ import annotations

import json
import plistlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.actions.answers import Incoming, record_answers
from devices.gateways.simulator import fleet
from devices.gateways.simulator.gateway import SimulatorGateway
from devices.models import (
    Command,
    Device,
    DeviceControl,
    SimulatedDevice,
    SimulatorMessage,
)
from devices.workers.enforce import enforce_due
from tests.engine.scene import (
    GB,
    HOUR,
    MB,
    NOW,
    a_plan,
    blocked,
    commands,
    lines,
    lines_with_phones,
    online,
    phone_for,
    settle,
    use,
)
from usage.models import Plan
from usage.workers.due import make_due
from usage.workers.evaluate import evaluate_due

pytestmark = pytest.mark.usefixtures("in_northwind")


def caps(domestic: int | None = GB, roaming: int | None = 100 * MB) -> None:
    Plan.objects.update(domestic_cap=domestic, roaming_cap=roaming)
    make_due()


# --- phones and gateways at fault -------------------------------------------------------------


def saying(monkeypatch, reply: Any, *, acts: bool = False) -> list[int]:
    """Let phones answer `reply` (bytes) instead of their own words; returns the calls' list."""
    calls: list[int] = []
    real = fleet.answer

    def answer(*, phone, payload, now):
        calls.append(1)
        after, _ = real(phone=phone, payload=payload, now=now)
        return (after if acts else phone), reply

    monkeypatch.setattr(fleet, "answer", answer)
    return calls


@pytest.mark.parametrize(
    ("platform", "reply"),
    [
        ("ios", b"\x00garbage"),
        ("ios", plistlib.dumps({"Status": "Error", "ErrorChain": [{"ErrorCode": 4001}]})),
        ("ios", plistlib.dumps({"Status": "CommandFormatError"})),
        ("ios", b"<plist><date>x</date></plist>"),
        ("knox", b"[" * 100_000),
        ("knox", json.dumps({"status": "FAILURE\x00\ud800", "calls": []}).encode()),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_failed_command_is_tried_again_after_a_pause(platform, reply, monkeypatch, clock):
    [(line, device)] = lines_with_phones(platform)
    use(line, GB)
    with monkeypatch.context() as patch:
        saying(patch, reply)
        settle()
        control = DeviceControl.objects.get()
        assert control.next_attempt_at > NOW
        assert control.last_error
        assert commands(device)[0][1] in {"failed", "format_error"}
    clock.move_to(control.next_attempt_at)
    settle()
    assert blocked(device) == {"cellular_data"}
    assert DeviceControl.objects.get().last_error == ""


def test_one_phone_that_talks_nonsense_does_not_silence_the_others(monkeypatch):
    everyone = lines_with_phones("ios", "ios", "knox")
    real = fleet.answer
    bad = everyone[1][1]
    Device.objects.filter(pk=bad.pk).update(udid="BAD")

    def answer(*, phone, payload, now):
        after, raw = real(phone=phone, payload=payload, now=now)
        return (phone, b"<plist><key>a</key></plist>") if phone.udid == "BAD" else (after, raw)

    monkeypatch.setattr(fleet, "answer", answer)
    for line, _ in everyone:
        use(line, GB)
    settle()
    assert blocked(everyone[0][1]) == blocked(everyone[2][1]) == {"cellular_data"}
    assert commands(bad)[0] == ("InstallProfile", "failed")


def test_not_now_keeps_the_command_and_offers_it_again(monkeypatch, clock):
    [(line, device)] = lines_with_phones("ios")
    use(line, GB)
    with monkeypatch.context() as patch:
        saying(patch, plistlib.dumps({"Status": "NotNow"}))
        for tally, pause in ((1, 60), (2, 300), (3, 900)):
            settle()
            command = Command.objects.get()
            assert (command.status, command.not_now_tally) == ("not_now", tally)
            clock.shift(pause)
    settle()
    assert blocked(device) == {"cellular_data"}
    assert commands(device)[0] == ("InstallProfile", "verified")
    assert Command.objects.filter(kind="InstallProfile").count() == 1


def test_not_now_to_an_old_wish_does_not_delay_the_new_one():
    [(line, device)] = lines_with_phones("ios")
    online(device, False)
    use(line, GB)
    settle()
    caps(5 * GB)
    evaluate_due(now=NOW)
    raw = plistlib.dumps({"Status": "NotNow"})
    record_answers(answers=[Incoming(command_id=Command.objects.get().pk, raw=raw)], now=NOW)
    assert DeviceControl.objects.get().next_attempt_at == NOW
    settle()
    assert commands(device)[0] == ("InstallProfile", "superseded")


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_phone_that_says_yes_and_does_nothing_is_not_asked_without_end(
    platform, monkeypatch, clock
):
    [(line, device)] = lines_with_phones(platform)
    real = fleet.answer

    def lying(*, phone, payload, now):
        _, raw = real(phone=phone, payload=payload, now=now)
        return phone, raw

    use(line, GB)
    with monkeypatch.context() as patch:
        patch.setattr(fleet, "answer", lying)
        if platform == "knox":
            saying(
                patch,
                json.dumps(
                    {"status": "SUCCESS", "calls": [{"verified": True}, {"verified": True}]}
                ).encode(),
            )
        for _ in range(3):
            settle()
            control = DeviceControl.objects.get()
            assert control.next_attempt_at > timezone.now()
            clock.move_to(control.next_attempt_at)
        assert len(commands(device)) <= 12
    settle()
    clock.shift(HOUR)
    settle()
    assert blocked(device) == {"cellular_data"}


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_user_who_undoes_the_block_is_found_at_the_next_look(platform, clock):
    [(line, device)] = lines_with_phones(platform)
    use(line, GB)
    settle()
    SimulatedDevice.objects.update(profiles={}, cellular_data=True)
    clock.shift(4 * HOUR)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_a_hand_over_of_unknown_outcome_is_repeated_and_delivered_once(monkeypatch, clock):
    [(line, device)] = lines_with_phones("ios")
    real = SimulatorGateway.hand_over

    def times_out(self, *, commands, now):
        real(self, commands=commands, now=now)
        raise TimeoutError("no answer")

    online(device, False)
    use(line, GB)
    with monkeypatch.context() as patch:
        patch.setattr(SimulatorGateway, "hand_over", times_out)
        settle()
    control = DeviceControl.objects.get()
    assert (control.next_attempt_at, control.last_error) == (
        NOW + timedelta(minutes=1),
        "no answer",
    )
    clock.shift(60)
    settle()
    assert SimulatorMessage.objects.count() == Command.objects.count() == 1
    online(device, True)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_a_worker_that_dies_after_its_commit_is_taken_over_when_the_lease_ends(monkeypatch, clock):
    [(line, device)] = lines_with_phones("ios")

    def dies(self, *, commands, now):
        raise KeyboardInterrupt

    use(line, GB)
    evaluate_due(now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(SimulatorGateway, "hand_over", dies)
        with pytest.raises(KeyboardInterrupt):
            enforce_due(now=NOW)
    assert enforce_due(now=NOW) == 0
    clock.shift(20)
    settle()
    assert blocked(device) == {"cellular_data"}
    assert Command.objects.filter(kind="InstallProfile").count() == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"platform": "ios", "os_version": "8.4"}, "ios8_no_cellular_rule"),
        ({"platform": "ipados", "has_mobile_radio": False}, "no_cellular_hardware"),
        ({"platform": "ios", "management_mode": "user"}, "user_enrollment"),
        ({"platform": "android"}, "not_knox"),
        ({"platform": "ios", "state": "unmanaged"}, "not_enrolled"),
    ],
)
def test_a_refused_phone_is_told_once_and_left_alone(fields, code):
    [line] = lines("a", plan=a_plan())
    device = phone_for(line)
    Device.objects.filter(pk=device.pk).update(**fields)
    use(line, GB)
    settle()
    refused = Command.objects.get()
    assert (refused.kind, refused.status, refused.error) == ("refused", "refused", code)
    control = DeviceControl.objects.get()
    assert (control.next_attempt_at, control.leased_until) == (None, None)
    assert control.last_error
    make_due()
    settle()
    assert Command.objects.count() == 1
    assert not SimulatorMessage.objects.exists()
