"""The bytes on the wire: what Apple's and Samsung's formats demand, and answers of every kind."""

from __future__ import annotations

import json
import plistlib
from uuid import UUID, uuid5

import pytest

from devices.plan import CELLULAR, ROAMING, Change, Look
from devices.platforms import FORMATS
from tests.engine.wire import (
    APPLE_KEYS,
    CELL,
    COMMAND,
    NONE,
    ROAM,
    SETS,
    named,
    profile_of,
    rendered,
)

# --- Apple's commands -------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["ios", "ipados"])
@pytest.mark.parametrize(
    ("step", "request_type", "keys"),
    [
        (Change(CELL), "InstallProfile", {"RequestType", "Payload"}),
        (Change(ROAM), "InstallProfile", {"RequestType", "Payload"}),
        (Change(NONE), "RemoveProfile", {"RequestType", "Identifier"}),
        (Look(), "ProfileList", {"RequestType", "ManagedOnly"}),
    ],
)
def test_a_command_is_a_property_list_with_its_uuid_and_request_type(
    platform, step, request_type, keys
):
    command = rendered(platform, step)
    assert command.kind == request_type
    assert command.payload.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist')
    document = plistlib.loads(command.payload)
    assert document.keys() == {"CommandUUID", "Command"}
    assert document["CommandUUID"] == str(COMMAND).upper()
    assert document["Command"].keys() == keys
    assert document["Command"]["RequestType"] == request_type


@pytest.mark.parametrize("desired", SETS[1:], ids=named)
def test_the_profile_follows_the_table_of_keys(desired):
    profile = profile_of(desired)
    (rules,) = profile["PayloadContent"]
    for payload in (profile, rules):
        for key, kind in APPLE_KEYS.items():
            assert type(payload[key]) is kind, key
        assert payload["PayloadVersion"] == 1
        assert UUID(payload["PayloadUUID"])
    assert profile["PayloadType"] == "Configuration"
    assert rules["PayloadType"] == "com.apple.networkusagerules"
    assert profile.keys() <= {*APPLE_KEYS, "PayloadContent", "PayloadDisplayName"}
    assert rules.keys() == {*APPLE_KEYS, "ApplicationRules"}
    assert profile["PayloadUUID"] != rules["PayloadUUID"]


@pytest.mark.parametrize(
    ("desired", "cellular"), [(ROAM, True), (CELL, False), (ROAM | CELL, False)]
)
def test_one_rule_without_names_binds_every_managed_app(desired, cellular):
    (payload,) = profile_of(desired)["PayloadContent"]
    assert payload["ApplicationRules"] == [
        {"AllowCellularData": cellular, "AllowRoamingCellularData": False}
    ]


def test_all_restrictions_of_a_device_share_one_profile_that_is_replaced_in_place():
    profiles = [profile_of(desired) for desired in SETS[1:]]
    assert len({profile["PayloadIdentifier"] for profile in profiles}) == 1
    assert len({profile["PayloadUUID"] for profile in profiles}) == 1
    assert len({profile["PayloadContent"][0]["PayloadUUID"] for profile in profiles}) == 1
    removal = plistlib.loads(rendered("ios", Change(NONE)).payload)
    assert removal["Command"]["Identifier"] == profiles[0]["PayloadIdentifier"]


def test_two_devices_never_share_a_uuid():
    first, second = profile_of(CELL, device=1), profile_of(CELL, device=2)
    assert first["PayloadIdentifier"] == second["PayloadIdentifier"]
    assert first["PayloadUUID"] != second["PayloadUUID"]


@pytest.mark.parametrize("platform", sorted(FORMATS))
@pytest.mark.parametrize("step", [*map(Change, SETS), Look()], ids=named)
def test_the_same_step_is_the_same_bytes(platform, step):
    assert rendered(platform, step) == rendered(platform, step)
    other = rendered(platform, step, command=uuid5(COMMAND, "other"))
    assert other.payload != rendered(platform, step).payload


# --- Knox's commands --------------------------------------------------------------------------


@pytest.mark.parametrize("desired", SETS, ids=named)
def test_the_agent_is_told_both_switches_and_how_each_is_proved(desired):
    command = rendered("knox", Change(desired))
    assert command.kind == "knox.restriction"
    assert json.loads(command.payload) == {
        "command_uuid": str(COMMAND),
        "type": "knox.restriction",
        "issued_at": "2026-03-10T12:00:00Z",
        "calls": [
            {
                "policy": "RoamingPolicy",
                "method": "setRoamingData",
                "args": [ROAMING not in desired],
                "verify": "isRoamingDataEnabled",
                "expect": ROAMING not in desired,
            },
            {
                "policy": "RestrictionPolicy",
                "method": "setCellularData",
                "args": [CELLULAR not in desired],
                "verify": "isCellularDataAllowed",
                "expect": CELLULAR not in desired,
            },
        ],
    }


def test_a_look_at_a_galaxy_sets_nothing():
    document = json.loads(rendered("knox", Look()).payload)
    assert document["type"] == "knox.query"
    assert all(call.keys() == {"policy", "verify"} for call in document["calls"])
