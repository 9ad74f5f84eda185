"""Every property list that leaves the portal is one that Apple's schema knows, to the last key."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest

from devices.actions.restrictions import block_by_hand, release_by_hand
from devices.models import Command
from devices.plan import Change, Look, LookAtRoaming, SetRoaming
from devices.platforms import render
from tests.engine.apple_schema import complaints
from tests.engine.scene import lines_with_phones, settle
from tests.engine.wire import COMMAND, NOW, SETS, named

STEPS = [Look(), LookAtRoaming(), SetRoaming(enabled=True), SetRoaming(enabled=False)]
STEPS += [Change(desired) for desired in SETS]


def rendered(step: Any) -> bytes:
    return render(
        platform="ios", step=step, device_id=42, command_id=COMMAND, now=NOW
    ).payload  # fmt: skip


@pytest.mark.parametrize("step", STEPS, ids=named)
def test_every_step_is_a_command_that_apple_knows(step):
    payload = rendered(step)
    assert complaints(payload) == []
    assert payload.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple'
    )


def test_so_is_every_command_that_was_really_sent(in_northwind, alice):
    devices = [device for _, device in lines_with_phones("ios", "ipados")]
    for device in devices:
        for act in (block_by_hand, release_by_hand):
            for restriction in ("roaming_data", "cellular_data"):
                act(device=device, restriction=restriction, by=alice, reason="lost")
                settle()
    sent = Command.objects.exclude(payload=b"")
    assert set(sent.values_list("kind", flat=True)) == {
        "Settings", "DeviceInformation", "InstallProfile", "RemoveProfile", "ProfileList",
    }  # fmt: skip
    assert [found for command in sent if (found := complaints(bytes(command.payload)))] == []


def changed(payload: bytes, change) -> bytes:
    document = plistlib.loads(payload)
    change(document)
    return plistlib.dumps(document)


def in_profile(change):
    def act(document):
        profile = plistlib.loads(document["Command"]["Payload"])
        change(profile)
        document["Command"]["Payload"] = plistlib.dumps(profile)

    return act


INSTALL, SET = Change(SETS[1]), SetRoaming(enabled=False)


@pytest.mark.parametrize(
    ("step", "change", "said"),
    [
        (SET, lambda d: d.pop("CommandUUID"), "CommandUUID is missing"),
        (SET, lambda d: d["Command"].pop("Settings"), "Command.Settings is missing"),
        (SET, lambda d: d["Command"].update(Settings=[]), "Command.Settings is no filled array"),
        (SET, lambda d: d["Command"].update(Colour=1), "Command.Colour is unknown"),
        (SET, lambda d: d["Command"].update(RequestType="Reboot"), "RequestType may not be"),
        (SET, lambda d: d["Command"]["Settings"][0].update(Enabled=1), "Enabled is no bool"),
        (SET, lambda d: d["Command"]["Settings"][0].update(Item="CellularData"), "Item may not be"),
        (LookAtRoaming(), lambda d: d["Command"].update(Queries=["SIMMCC"]), "may not be 'SIMMCC'"),
        (INSTALL, lambda d: d["Command"].update(Payload="x"), "Command.Payload is no bytes"),
        (INSTALL, in_profile(lambda p: p.pop("PayloadUUID")), "Payload.PayloadUUID is missing"),
        (INSTALL, in_profile(lambda p: p.update(PayloadVersion=True)), "PayloadVersion is no int"),
        (
            INSTALL,
            in_profile(lambda p: p["PayloadContent"][0]["ApplicationRules"][0].update(
                AppIdentifierMatches=["*"])),
            "may not be '*'",
        ),
        (
            INSTALL,
            in_profile(lambda p: p["PayloadContent"][0].update(PayloadUUID=p["PayloadUUID"])),
            "a PayloadUUID twice",
        ),
        (
            INSTALL,
            in_profile(lambda p: p["PayloadContent"].append(p["PayloadContent"][0])),
            "more than one payload of rules",
        ),
    ],
)  # fmt: skip
def test_the_schema_finds_what_is_wrong(step, change, said):
    assert any(said in one for one in complaints(changed(rendered(step), change)))
