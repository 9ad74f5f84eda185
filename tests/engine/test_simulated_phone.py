"""The simulated phone: it ends up as the last command says, and no bytes can break it."""

from __future__ import annotations

import json
import plistlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gateways.simulator.phone import Phone, answer, is_reachable
from devices.plan import CELLULAR, ROAMING, Change, Look, LookAtRoaming, Order, SetRoaming
from devices.platforms import read_answer, render
from tests.engine.wire import jsons, plists

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PLATFORMS = ("ios", "ipados", "knox")
ROAMING_ON, ROAMING_OFF = SetRoaming(True), SetRoaming(False)
desires = st.sets(st.sampled_from([ROAMING, CELLULAR])).map(frozenset)


def fresh(platform: str) -> Phone:
    return Phone(platform, "00008110-ABCDEF", data_roaming=True, cellular_data=True, profiles={})


def told(phone: Phone, step: Order) -> tuple[Phone, Any]:
    """The phone after a command of ours, and its answer as the portal reads it."""
    command = render(platform=phone.platform, step=step, device_id=7, command_id=uuid4(), now=NOW)
    phone, raw = answer(phone=phone, payload=command.payload, now=NOW)
    return phone, read_answer(
        platform=phone.platform, kind=command.kind, payload=command.payload, raw=raw
    )


def stored(phone: Phone) -> Phone:
    """The phone after a stay in the database, where profiles are JSON."""
    return replace(phone, profiles=json.loads(json.dumps(phone.profiles)))


@pytest.mark.parametrize("platform", PLATFORMS)
@given(wishes=st.lists(desires, min_size=1, max_size=8))
def test_after_any_sequence_of_changes_it_is_as_the_last_one_says(platform, wishes):
    phone = fresh(platform)
    for desired in wishes:
        phone, reply = told(stored(phone), Change(desired))
        assert reply.status in {"acknowledged", "verified"}
        assert phone.restrictions() == desired
    phone, reply = told(phone, Look())
    assert (reply.status, reply.observed) == ("verified", wishes[-1])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_command_twice_is_the_same_as_once(platform):
    for desired in (frozenset({ROAMING}), frozenset()):
        once, _ = told(fresh(platform), Change(desired))
        twice, reply = told(once, Change(desired))
        assert twice == once
        assert reply.status in {"acknowledged", "verified"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_look_changes_nothing(platform):
    before, _ = told(fresh(platform), Change(frozenset({CELLULAR})))
    after, _ = told(before, Look())
    assert after == before


def test_profiles_of_others_restrict_nothing_and_stay():
    other = {
        "PayloadIdentifier": "com.example.mail",
        "PayloadUUID": "X",
        "PayloadContent": [
            {"PayloadType": "mail", "PayloadIdentifier": "com.example.a.b", "PayloadUUID": "Y"}
        ],
    }
    phone, raw = answer(phone=fresh("ios"), payload=install(other), now=NOW)
    assert plistlib.loads(raw)["Status"] == "Acknowledged"
    assert phone.restrictions() == frozenset()
    phone, _ = told(phone, Change(frozenset({ROAMING})))
    phone, _ = told(phone, Change(frozenset()))
    assert list(phone.profiles) == ["com.example.mail"]


def install(profile: Any) -> bytes:
    command = {"RequestType": "InstallProfile", "Payload": plistlib.dumps(profile)}
    return plistlib.dumps({"CommandUUID": "U", "Command": command})


def settings_of(*items: Any) -> bytes:
    command = {"RequestType": "Settings", "Settings": list(items)}
    return plistlib.dumps({"CommandUUID": "U", "Command": command})


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"", "CommandFormatError"),
        (b"\x00garbage", "CommandFormatError"),
        (b"<plist><date>x</date></plist>", "CommandFormatError"),
        (plistlib.dumps([]), "CommandFormatError"),
        (plistlib.dumps({"Command": {"RequestType": "Settings"}}), "CommandFormatError"),
        (plistlib.dumps({"CommandUUID": "U", "Command": {"RequestType": "Erase"}}), "Error"),
        (settings_of("none"), "CommandFormatError"),
        (settings_of({"Enabled": True}), "CommandFormatError"),
        (install([]), "Error"),
        (install({"PayloadIdentifier": "a"}), "Error"),
        (install({"PayloadIdentifier": 1, "PayloadUUID": "b", "PayloadContent": []}), "Error"),
        (install({"PayloadIdentifier": "a", "PayloadUUID": b"b", "PayloadContent": []}), "Error"),
        (install({"PayloadIdentifier": "a", "PayloadUUID": "b", "PayloadContent": [1]}), "Error"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_iphone_answers_what_it_cannot_read_and_stays_as_it_was(payload, status):
    before = fresh("ios")
    after, raw = answer(phone=before, payload=payload, now=NOW)
    assert after == before
    assert plistlib.loads(raw)["Status"] == status


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"command_uuid": "U", "calls": [1]},
        {"command_uuid": "U", "calls": [{}]},
        {"command_uuid": "U", "calls": [{"verify": "isAnythingElse"}]},
        {
            "command_uuid": "U",
            "calls": [
                {"method": "setRoamingData", "args": ["off"], "verify": "isRoamingDataEnabled"}
            ],
        },
        {
            "command_uuid": "U",
            "calls": [{"method": "setRoamingData", "args": [], "verify": "isRoamingDataEnabled"}],
        },
    ],
    ids=str,
)
def test_an_agent_answers_what_it_cannot_read_and_stays_as_it_was(document):
    before = fresh("knox")
    after, raw = answer(phone=before, payload=json.dumps(document).encode(), now=NOW)
    assert after == before
    assert json.loads(raw)["status"] == "FAILURE"


@pytest.mark.parametrize("platform", PLATFORMS)
@given(junk=st.one_of(st.binary(max_size=100), plists.map(plistlib.dumps), jsons.map(json.dumps)))
def test_no_bytes_break_a_phone(platform, junk):
    raw = junk.encode() if isinstance(junk, str) else junk
    phone, reply = answer(phone=fresh(platform), payload=raw, now=NOW)
    assert phone == fresh(platform)
    assert read_answer(platform=platform, kind="x", payload=b"", raw=reply).status != "verified"


# --- as the platforms' documentation says ------------------------------------------------------


def test_data_roaming_of_an_iphone_is_set_and_told():
    phone, reply = told(fresh("ios"), ROAMING_OFF)
    assert (reply.status, phone.data_roaming) == ("acknowledged", False)
    assert told(phone, LookAtRoaming())[1].data_roaming is False
    phone, _ = told(phone, ROAMING_ON)
    assert told(phone, LookAtRoaming())[1].data_roaming is True


def test_an_unknown_item_fails_inside_an_acknowledged_answer():
    phone, raw = answer(
        phone=fresh("ios"), payload=settings_of({"Item": "CellularData", "Enabled": False}), now=NOW
    )
    assert phone == fresh("ios")
    assert plistlib.loads(raw)["Status"] == "Acknowledged"
    reply = read_answer(platform="ios", kind="Settings", payload=b"", raw=raw)
    assert reply.status == "failed"
    assert "28000" in reply.error


def test_a_locked_iphone_puts_profiles_off_and_nothing_else():
    locked = replace(fresh("ios"), locked=True)
    phone, reply = told(locked, Change(frozenset({CELLULAR})))
    assert (phone, reply.status) == (locked, "not_now")
    for step in (ROAMING_OFF, LookAtRoaming(), Look(), Change(frozenset())):
        assert told(locked, step)[1].status in {"acknowledged", "verified"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_faults_wear_off(platform):
    phone = replace(fresh(platform), not_now=2, error=12_021)
    statuses = []
    for _ in range(4):
        phone, reply = told(phone, Change(frozenset({CELLULAR})))
        statuses.append(reply.status)
    assert statuses[:3] == ["not_now", "not_now", "failed"]
    assert statuses[3] in {"acknowledged", "verified"}


@pytest.mark.parametrize(
    ("rights", "step", "status"),
    [
        (8191 - 2048, ROAMING_OFF, "failed"),
        (8191 - 32, ROAMING_OFF, "failed"),
        (8191 - 32, LookAtRoaming(), "failed"),
        (8191 - 2, Change(frozenset({CELLULAR})), "failed"),
        (2048 | 32, ROAMING_OFF, "acknowledged"),
        (2, Change(frozenset({CELLULAR})), "acknowledged"),
    ],
)
def test_an_enrolment_without_the_right_is_not_authorised(rights, step, status):
    _phone, reply = told(replace(fresh("ios"), access_rights=rights), step)
    assert reply.status == status
    assert ("12007" in reply.error) == (status == "failed")


def test_a_policy_that_another_administrator_holds_is_read_back_as_it_is():
    held = replace(fresh("knox"), held=True)
    _phone, reply = told(held, Change(frozenset()))
    assert reply.status == "failed"
    assert reply.observed == {ROAMING, CELLULAR}


@pytest.mark.parametrize(
    ("platform", "bearer", "abroad", "roaming", "cellular", "reached"),
    [
        ("ios", "wifi", True, False, True, True),
        ("ios", "cellular", False, False, True, True),
        ("ios", "cellular", True, False, True, False),
        ("ios", "cellular", True, True, True, True),
        ("ios", "none", False, True, True, False),
        ("knox", "wifi", True, False, False, True),
        ("knox", "cellular", False, True, False, False),
        ("knox", "cellular", False, False, True, True),
        ("knox", "cellular", True, False, True, False),
    ],
)
def test_a_command_does_not_reach_a_phone_by_the_way_that_is_closed(
    platform, bearer, abroad, roaming, cellular, reached
):
    assert reached == is_reachable(
        platform=platform,
        bearer=bearer,
        abroad=abroad,
        data_roaming=roaming,
        cellular_data=cellular,
    )
