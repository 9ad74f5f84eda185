"""Phones that move, sleep, lie or answer nonsense: only the last wish arrives, and once."""

from __future__ import annotations

import plistlib
from datetime import timedelta

import pytest

from connectors.models import Signal, SignalledRestriction
from devices.actions.answers import Incoming, record_answers
from devices.actions.devices import put_sim_in, retire, take_sim_out
from devices.gateways.simulator.gateway import SimulatorGateway
from devices.models import (
    Command,
    DeviceControl,
    DeviceSim,
    SimulatedDevice,
    SimulatorMessage,
)
from tests.engine.scene import (
    GB,
    HOUR,
    MB,
    NOW,
    blocked,
    commands,
    lines,
    lines_with_phones,
    online,
    phone,
    phone_for,
    settle,
    sim_of,
    spare_phone,
    use,
)
from usage.models import Plan
from usage.workers.due import make_due

pytestmark = pytest.mark.usefixtures("in_northwind")


def caps(domestic: int | None = GB, roaming: int | None = 100 * MB) -> None:
    Plan.objects.update(domestic_cap=domestic, roaming_cap=roaming)
    make_due()


def outcomes() -> list[tuple[str, str, str]]:
    found = Signal.objects.order_by("pk")
    return list(found.values_list("action", "outcome", "outcome_reason"))


# --- SIMs move --------------------------------------------------------------------------------


def test_a_swap_of_phones_moves_the_block():
    [(line, old)] = lines_with_phones("ios")
    use(line, GB)
    settle()
    new = spare_phone("knox")
    put_sim_in(device=new, sim=sim_of(line), now=NOW, by=None)
    settle()
    assert (blocked(old), blocked(new)) == (set(), {"cellular_data"})
    assert [outcome[:2] for outcome in outcomes()] == [
        ("block", "processed"),
        ("unblock", "processed"),
        ("block", "processed"),
    ]


def test_a_line_without_a_phone_is_held_and_processed_when_one_comes():
    [line] = lines("a")
    use(line, GB)
    settle()
    assert outcomes() == [("block", "held", "line_without_device")]
    for _ in range(2):
        make_due()
        settle()
    assert len(outcomes()) == 1
    device = phone_for(line)
    make_due()
    settle()
    assert blocked(device) == {"cellular_data"}
    assert outcomes()[1:] == [("block", "processed", "")]


def test_a_held_line_that_falls_below_its_limit_leaves_nothing_behind():
    [line] = lines("a")
    use(line, GB)
    settle()
    caps(5 * GB)
    settle()
    assert not SignalledRestriction.objects.exists()
    device = phone_for(line)
    make_due()
    settle()
    assert blocked(device) == set()


def test_a_second_sim_that_carries_no_data_is_held_until_it_does():
    [(first, device)] = lines_with_phones("ios")
    [second] = lines("second", plan=first.carrier.plans.get())
    put_sim_in(device=device, sim=sim_of(second), now=NOW, by=None, slot=2)
    use(second, GB)
    settle()
    assert outcomes() == [("block", "held", "not_the_data_sim")]
    assert blocked(device) == set()
    DeviceSim.objects.filter(sim=sim_of(first)).update(data_preferred=False)
    DeviceSim.objects.filter(sim=sim_of(second)).update(data_preferred=True)
    make_due()
    settle()
    assert blocked(device) == {"cellular_data"}
    DeviceSim.objects.filter(sim=sim_of(second)).update(data_preferred=False)
    DeviceSim.objects.filter(sim=sim_of(first)).update(data_preferred=True)
    make_due()
    settle()
    assert blocked(device) == set()


def test_a_sim_taken_out_releases_the_phone_and_put_back_blocks_it():
    [(line, device)] = lines_with_phones("knox")
    use(line, GB)
    settle()
    take_sim_out(sim=sim_of(line), now=NOW, by=None)
    settle()
    assert blocked(device) == set()
    put_sim_in(device=device, sim=sim_of(line), now=NOW, by=None)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_a_retired_phone_gets_nothing_more_not_even_what_was_on_its_way(
    django_capture_on_commit_callbacks,
):
    [(line, device)] = lines_with_phones("ios")
    online(device, False)
    use(line, GB)
    settle()
    with django_capture_on_commit_callbacks(execute=True):
        retire(device=device, now=NOW, by=None)
    settle()
    online(device, True)
    settle()
    assert phone(device).restrictions() == frozenset()
    assert commands(device) == [("InstallProfile", "cancelled")]


# --- phones sleep -----------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_phone_that_is_offline_is_waited_for(platform, clock):
    [(line, device)] = lines_with_phones(platform)
    online(device, False)
    use(line, GB)
    settle()
    control = DeviceControl.objects.get()
    assert (control.desired, control.observed) == (["cellular_data"], None)
    assert control.next_attempt_at == NOW + timedelta(minutes=15)
    assert [status for _, status in commands(device)] == ["pushed"]
    clock.shift(3 * 24 * HOUR)
    settle()
    assert SimulatorMessage.objects.count() == 1
    online(device, True)
    settle()
    assert blocked(device) == {"cellular_data"}
    kinds = [(kind, status) for kind, status in commands(device) if status == "expired"]
    assert len(kinds) == 1, "three days later it is asked before it is told"
    assert len(commands(device)) == (4 if platform == "ios" else 3)


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_wish_that_ends_before_it_was_delivered_is_withdrawn(platform):
    [(line, device)] = lines_with_phones(platform)
    online(device, False)
    use(line, GB)
    settle()
    caps(5 * GB)
    settle()
    assert [status for _, status in commands(device)] == ["superseded"]
    assert not SimulatorMessage.objects.exists()
    online(device, True)
    settle()
    assert phone(device).restrictions() == frozenset()
    assert SimulatedDevice.objects.get().changed_at == NOW
    assert len(commands(device)) == 1
    assert DeviceControl.objects.get().next_attempt_at is None


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_phone_that_returns_hears_only_the_last_wish(platform):
    [(line, device)] = lines_with_phones(platform)
    online(device, False)
    use(line, GB)
    use(line, 200 * MB, country="FR")
    for domestic, roaming in [(GB, None), (None, 1), (None, None), (GB, 1), (None, 5)]:
        caps(domestic, roaming)
        settle()
    assert SimulatorMessage.objects.count() == 1
    online(device, True)
    settle()
    assert blocked(device) == {"roaming_data"}
    delivered = Command.objects.filter(answer__isnull=False)
    assert {tuple(command.desired_after) for command in delivered} == {("roaming_data",)}


def test_what_may_have_been_delivered_is_looked_at_before_anything_else(monkeypatch):
    [(line, device)] = lines_with_phones("ios")
    online(device, False)
    use(line, GB)
    settle()
    monkeypatch.setattr(SimulatorGateway, "withdraw", lambda self, command_ids: set())
    SimulatorMessage.objects.all().delete()  # it is on its way in the air
    caps(5 * GB)
    settle()
    assert [kind for kind, _ in commands(device)] == ["InstallProfile", "ProfileList"]
    online(device, True)
    settle()
    assert blocked(device) == set()


def test_an_answer_to_a_superseded_command_is_kept_and_changes_nothing_else():
    [(line, device)] = lines_with_phones("ios")
    online(device, False)
    use(line, GB)
    settle()
    caps(5 * GB)
    settle()
    before = DeviceControl.objects.values().get()
    old = Command.objects.get()
    raw = plistlib.dumps({"Status": "Acknowledged"})
    assert record_answers(answers=[Incoming(command_id=old.pk, raw=raw)], now=NOW) == 1
    old.refresh_from_db()
    assert (old.status, bytes(old.answer)) == ("superseded", raw)
    assert DeviceControl.objects.values().get() == before
