"""The simulated phone: it ends up as the last command says, and no bytes can break it."""

from __future__ import annotations

import json
import plistlib
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gateways.simulator.phone import Phone, answer
from devices.plan import CELLULAR, ROAMING, Change, Look
from devices.platforms import read_answer, render
from tests.engine.wire import jsons, plists

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PLATFORMS = ("ios", "ipados", "knox")
desires = st.sets(st.sampled_from([ROAMING, CELLULAR])).map(frozenset)


def fresh(platform: str) -> Phone:
    return Phone(platform, "00008110-ABCDEF", data_roaming=True, cellular_data=True, profiles={})


def told(phone: Phone, step: Change | Look) -> tuple[Phone, Any]:
    """The phone after a command of ours, and its answer as the portal reads it."""
    command = render(platform=phone.platform, step=step, device_id=7, command_id=uuid4(), now=NOW)
    phone, raw = answer(phone=phone, payload=command.payload, now=NOW)
    return phone, read_answer(
        platform=phone.platform, kind=command.kind, payload=command.payload, raw=raw
    )


def stored(phone: Phone) -> Phone:
    """The phone after a stay in the database, where profiles are JSON."""
    profiles = json.loads(json.dumps(phone.profiles))
    return Phone(phone.platform, phone.udid, phone.data_roaming, phone.cellular_data, profiles)


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


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"", "CommandFormatError"),
        (b"\x00garbage", "CommandFormatError"),
        (b"<plist><date>x</date></plist>", "CommandFormatError"),
        (plistlib.dumps([]), "CommandFormatError"),
        (plistlib.dumps({"Command": {"RequestType": "Settings"}}), "CommandFormatError"),
        (plistlib.dumps({"CommandUUID": "U", "Command": {"RequestType": "Settings"}}), "Error"),
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
