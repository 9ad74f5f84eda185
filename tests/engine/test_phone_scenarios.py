"""Phones as people carry them: abroad, locked, on Wi-Fi only, with a user who changes settings.

The scenarios are those of the platforms' documentation: what a block does there, what undoes it,
and when a command gets through.
"""

from __future__ import annotations

from itertools import product

import pytest
from django.db import connection
from django.utils import timezone

from alerts.models import Alert
from devices.actions.contact import devices_polled
from devices.actions.restrictions import block_by_hand, release_by_hand
from devices.gateways.simulator import fleet
from devices.gateways.simulator.phone import is_reachable
from devices.models import Command, Device, DeviceControl, SimulatedDevice
from tests.engine.scene import (
    GB,
    HOUR,
    MB,
    a_plan,
    blocked,
    commands,
    inside,
    lines,
    lines_with_phones,
    online,
    phone,
    phone_for,
    settle,
    use,
)
from usage.models import Plan
from usage.workers.due import make_due

pytestmark = pytest.mark.usefixtures("in_northwind")

ROAMING, CELLULAR = "roaming_data", "cellular_data"


def caps(domestic: int | None = GB, roaming: int | None = 100 * MB) -> None:
    Plan.objects.update(domestic_cap=domestic, roaming_cap=roaming)
    make_due()
    settle()


def roaming_block(platform: str = "ios") -> Device:
    """A phone that was blocked for roaming by its line's usage."""
    [(line, device)] = lines_with_phones(platform)
    use(line, 100 * MB, country="FR")
    settle()
    return device


# --- roaming on Apple's devices ---------------------------------------------------------------


def test_roaming_that_was_on_is_given_back():
    device = roaming_block()
    assert blocked(device) == {ROAMING}
    assert DeviceControl.objects.get().roaming_before_block is True
    caps(roaming=None)
    assert blocked(device) == set()
    assert phone(device).data_roaming is True
    assert DeviceControl.objects.get().roaming_before_block is None


def test_roaming_that_its_user_had_off_stays_off():
    [(line, device)] = lines_with_phones("ios")
    inside(device, data_roaming=False)
    use(line, 100 * MB, country="FR")
    settle()
    control = DeviceControl.objects.get()
    assert (control.observed, control.roaming_before_block) == ([ROAMING], False)
    assert "Settings" not in {kind for kind, _ in commands(device)}
    caps(roaming=None)
    control.refresh_from_db()
    assert (control.observed, control.roaming_before_block) == ([], None)
    assert phone(device).data_roaming is False
    assert phone(device).profiles == {}
    assert "Settings" not in {kind for kind, _ in commands(device)}


def test_a_user_who_turns_roaming_on_again_is_found_told_anew_and_told_of(clock):
    device = roaming_block()
    inside(device, roaming_back_after=60, changed_at=timezone.now())
    for times in (1, 2, 3):
        assert not Alert.objects.filter(kind="device_drift").exists()
        clock.shift(4 * HOUR)
        assert fleet.let_users_act(now=timezone.now()) == 1
        assert phone(device).data_roaming is True
        settle()
        assert blocked(device) == {ROAMING}
        assert DeviceControl.objects.get().drifts == times
    alert = Alert.objects.get(kind="device_drift")
    assert (alert.subject_type, alert.subject_id, alert.state) == ("device", device.pk, "open")
    caps(roaming=None)
    alert.refresh_from_db()
    assert (alert.state, DeviceControl.objects.get().drifts) == ("resolved", 0)


def test_one_of_two_restrictions_is_lifted_and_the_other_stays():
    [(line, device)] = lines_with_phones("ios")
    use(line, GB)
    use(line, 100 * MB, country="FR")
    settle()
    assert blocked(device) == {CELLULAR, ROAMING}
    caps(roaming=None)
    assert blocked(device) == {CELLULAR}
    assert phone(device).data_roaming is True
    caps(domestic=None, roaming=100 * MB)
    assert blocked(device) == {ROAMING}


def test_an_iphone_with_ios_8_is_kept_from_roaming_only():
    [line] = lines("a", plan=a_plan())
    device = phone_for(line, os_version="8.4.1")
    use(line, 100 * MB, country="FR")
    settle()
    assert blocked(device) == {ROAMING}
    assert phone(device).profiles == {}
    use(line, GB)
    settle()
    assert phone(device).restrictions() == {ROAMING}
    assert Command.objects.get(status="refused").error == "ios8_no_cellular_rule"


def test_an_enrolment_without_rights_is_refused_before_anything_is_queued():
    [line] = lines("a", plan=a_plan())
    phone_for(line, access_rights=8191 - 2048)
    use(line, 100 * MB, country="FR")
    settle()
    refused = Command.objects.get()
    assert (refused.status, refused.error) == ("refused", "missing_access_right")
    assert "2048" in DeviceControl.objects.get().last_error


# --- locked phones ----------------------------------------------------------------------------


def test_a_locked_phone_hears_the_same_command_again_until_it_is_unlocked(clock):
    [(line, device)] = lines_with_phones("ios")
    inside(device, locked=True)
    use(line, GB)
    for pause in (60, 300, 900):
        settle()
        clock.shift(pause)
    settle()
    command = Command.objects.get()
    assert (command.kind, command.status, command.not_now_tally) == (
        "InstallProfile",
        "not_now",
        4,
    )
    inside(device, locked=False)
    settle()
    assert Command.objects.get().status == "not_now", "nobody calls before the pause is over"
    assert devices_polled(device_ids=[device.pk], now=timezone.now()) == 1
    settle()
    assert blocked(device) == {CELLULAR}
    command.refresh_from_db()
    assert (command.status, command.not_now_tally) == ("verified", 4)
    assert devices_polled(device_ids=[device.pk], now=timezone.now()) == 0


# --- the bearer -------------------------------------------------------------------------------


@pytest.mark.parametrize(("platform", "waits"), [("knox", True), ("ios", False)])
def test_an_unblock_does_not_reach_a_galaxy_by_the_data_it_has_not(platform, waits):
    [(line, device)] = lines_with_phones(platform)
    inside(device, bearer="cellular")
    use(line, GB)
    settle()
    assert blocked(device) == {CELLULAR}
    caps(domestic=None)
    control = DeviceControl.objects.get()
    assert control.desired == []
    assert (phone(device).restrictions() == {CELLULAR}) == waits
    inside(device, bearer="wifi")
    settle()
    assert blocked(device) == set()


def test_an_iphone_abroad_hears_of_its_release_in_the_hotel():
    [(line, device)] = lines_with_phones("ios")
    inside(device, bearer="cellular", abroad_in="FR")
    use(line, 100 * MB, country="FR")
    settle()
    # The last thing it heard was to turn roaming off: nothing more gets through.
    assert phone(device).data_roaming is False
    assert DeviceControl.objects.get().observed != [ROAMING]
    caps(roaming=None)
    assert phone(device).data_roaming is False
    inside(device, bearer="wifi")
    settle()
    assert blocked(device) == set()
    assert phone(device).data_roaming is True


def test_a_lost_push_delays_and_loses_nothing(clock):
    [(line, device)] = lines_with_phones("knox")
    inside(device, drops_push=True)
    use(line, GB)
    settle()
    assert phone(device).restrictions() == frozenset()
    inside(device, drops_push=False)
    clock.shift(15 * 60)
    settle()
    assert blocked(device) == {CELLULAR}


def test_the_database_and_the_phone_agree_on_who_can_be_reached():
    device = phone_for(lines("a", plan=a_plan())[0])
    query = f"""SELECT {fleet.REACHABLE} FROM devices_simulateddevice s
                JOIN devices_device d ON d.id = s.device_id"""
    for platform, bearer, country, roaming, cellular in product(
        ("ios", "knox"), ("wifi", "cellular", "none"), ("", "FR"), (True, False), (True, False)
    ):
        Device.objects.filter(pk=device.pk).update(platform=platform)
        inside(
            device, bearer=bearer, abroad_in=country, data_roaming=roaming, cellular_data=cellular
        )
        with connection.cursor() as cursor:
            cursor.execute(query)
            [(reached,)] = cursor.fetchall()
        assert reached == is_reachable(
            platform=platform,
            bearer=bearer,
            abroad=bool(country),
            data_roaming=roaming,
            cellular_data=cellular,
        )
    online(device, False)
    assert not SimulatedDevice.objects.filter(online=True).exists()


# --- by hand, and held by others --------------------------------------------------------------


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_block_by_hand_goes_the_same_way(platform, alice):
    [(_, device)] = lines_with_phones(platform)
    block_by_hand(device=device, restriction=ROAMING, by=alice, reason="lost")
    settle()
    assert blocked(device) == {ROAMING}
    release_by_hand(device=device, restriction=ROAMING, by=alice)
    settle()
    assert blocked(device) == set()


def test_a_galaxy_held_by_another_administrator_is_a_conflict_that_is_shown(clock):
    [(line, device)] = lines_with_phones("knox")
    use(line, GB)
    settle()
    inside(device, held=True)
    caps(domestic=None)
    control = DeviceControl.objects.get()
    assert "isCellularDataAllowed" in control.last_error
    assert (control.desired, control.observed) == ([], [CELLULAR, ROAMING])
    inside(device, held=False)
    clock.move_to(control.next_attempt_at)
    settle()
    assert blocked(device) == set()
