"""The bytes on the wire: what Apple's and Samsung's formats demand, and answers of every kind."""

from __future__ import annotations

import json
import plistlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.plan import CELLULAR, ROAMING, Change, Look
from devices.platforms import FORMATS, read_answer, render
from devices.platforms.answers import LONGEST_ERROR

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
COMMAND = UUID("384c583d-0000-4000-8000-00000000abcd")
NONE: frozenset[str] = frozenset()
ROAM, CELL = frozenset({ROAMING}), frozenset({CELLULAR})
SETS = (NONE, ROAM, CELL, ROAM | CELL)
APPLE_KEYS = {
    "PayloadType": str,
    "PayloadVersion": int,
    "PayloadIdentifier": str,
    "PayloadUUID": str,
}


def rendered(platform: str, step: Change | Look, *, device: int = 42, command: UUID = COMMAND):
    return render(platform=platform, step=step, device_id=device, command_id=command, now=NOW)


def profile_of(desired: frozenset[str], **more: Any) -> dict[str, Any]:
    document = plistlib.loads(rendered("ios", Change(desired), **more).payload)
    return plistlib.loads(document["Command"]["Payload"])


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


@pytest.mark.parametrize("desired", SETS[1:], ids=sorted)
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
@pytest.mark.parametrize("step", [*map(Change, SETS), Look()], ids=str)
def test_the_same_step_is_the_same_bytes(platform, step):
    assert rendered(platform, step) == rendered(platform, step)
    other = rendered(platform, step, command=uuid5(COMMAND, "other"))
    assert other.payload != rendered(platform, step).payload


# --- Knox's commands --------------------------------------------------------------------------


@pytest.mark.parametrize("desired", SETS, ids=sorted)
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


# --- Apple's answers --------------------------------------------------------------------------


def apple_answer(kind: str, content: Any) -> Any:
    raw = content if isinstance(content, bytes) else plistlib.dumps(content)
    return read_answer(platform="ios", kind=kind, payload=b"", raw=raw)


def chain(*codes: Any, domain: str = "MCMDMErrorDomain") -> dict[str, Any]:
    links = [
        {"ErrorCode": code, "ErrorDomain": domain, "USEnglishDescription": f"text {code}"}
        for code in codes
    ]
    return {"Status": "Error", "ErrorChain": links}


@pytest.mark.parametrize("kind", ["InstallProfile", "RemoveProfile", "ProfileList"])
@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ({"Status": "NotNow"}, "not_now", ""),
        ({"Status": "CommandFormatError"}, "format_error", "rejects the format"),
        (chain(12021), "failed", "MCMDMErrorDomain 12021: text 12021"),
        (chain(4001, 41001), "failed", "4001: text 4001; MCMDMErrorDomain 41001"),
        ({"Status": "Error"}, "failed", "answered with an error"),
        ({"Status": "Error", "ErrorChain": "text"}, "failed", "answered with an error"),
        ({"Status": "Error", "ErrorChain": [1, [], {}]}, "failed", ""),
        ({"Status": "Error", "ErrorChain": [{"ErrorCode": [1]}]}, "failed", "[1]"),
        ({"Status": "Idle"}, "failed", "'Idle'"),
        ({"Status": ["Acknowledged"]}, "failed", "status"),
        ({}, "failed", "None"),
        ([], "failed", "not a dictionary"),
        (b"", "failed", "not a property list"),
        (b"\x00\xff garbage", "failed", "not a property list"),
        (b"<plist><key>a</key></plist>", "failed", "not a property list"),
        (b"<plist><date>tomorrow</date></plist>", "failed", "not a property list"),
        (b"<plist><dict><integer>1</integer></dict></plist>", "failed", "not a property list"),
        (b"bplist00" + b"\xff" * 40, "failed", "not a property list"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><plist>&b;</plist>', "failed", "not a property list"),
    ],
    ids=str,
)
def test_an_answer_that_is_no_success(kind, content, status, words):
    answer = apple_answer(kind, content)
    assert answer.status == status
    assert words in answer.error
    assert answer.observed is None


@pytest.mark.parametrize("code", [12013, 12075])
def test_removing_a_profile_that_is_not_there_is_done(code):
    assert apple_answer("RemoveProfile", chain(4001, code)).status == "acknowledged"
    assert apple_answer("InstallProfile", chain(code)).status == "failed"


@pytest.mark.parametrize("kind", ["InstallProfile", "RemoveProfile"])
def test_an_acknowledged_change_proves_nothing_yet(kind):
    answer = apple_answer(kind, {"Status": "Acknowledged"})
    assert (answer.status, answer.observed) == ("acknowledged", None)


def listing(*profiles: Any) -> dict[str, Any]:
    return {"Status": "Acknowledged", "ProfileList": list(profiles)}


FOREIGN = {
    "PayloadIdentifier": "com.example.mail",
    "PayloadContent": [{"PayloadIdentifier": "portal.tem.networkusage.rules.cellular_data"}],
}


@pytest.mark.parametrize("desired", SETS[1:], ids=sorted)
def test_a_list_of_profiles_tells_what_is_restricted(desired):
    answer = apple_answer("ProfileList", listing(FOREIGN, profile_of(desired)))
    assert (answer.status, answer.observed) == ("verified", desired)


@pytest.mark.parametrize(
    "profiles",
    [
        [],
        [FOREIGN],
        ["text", 1, []],
        [{"PayloadIdentifier": "portal.tem.networkusage"}],
        [{"PayloadIdentifier": "portal.tem.networkusage", "PayloadContent": 5}],
        [{"PayloadIdentifier": "portal.tem.networkusage", "PayloadContent": ["a", {}]}],
        [
            {
                "PayloadIdentifier": "portal.tem.networkusage",
                "PayloadContent": [
                    {"PayloadIdentifier": "portal.tem.networkusage.rules." + "x" * 50},
                    {"PayloadIdentifier": "portal.tem.networkusage.rulesroaming_data"},
                    {"PayloadIdentifier": 7},
                ],
            }
        ],
    ],
    ids=str,
)
def test_what_is_not_ours_restricts_nothing(profiles):
    answer = apple_answer("ProfileList", listing(*profiles))
    assert (answer.status, answer.observed) == ("verified", NONE)


@pytest.mark.parametrize("content", [{}, {"ProfileList": "all"}, {"ProfileList": {}}], ids=str)
def test_an_acknowledged_look_without_a_list_proves_nothing(content):
    answer = apple_answer("ProfileList", {"Status": "Acknowledged", **content})
    assert (answer.status, answer.observed) == ("failed", None)


# --- Knox's answers ---------------------------------------------------------------------------


def knox_answer(step: Change | Look, content: Any) -> Any:
    command = rendered("knox", step)
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_answer(platform="knox", kind=command.kind, payload=command.payload, raw=raw)


def results(*readings: Any, status: Any = "SUCCESS", error: Any = None) -> dict[str, Any]:
    calls = [{"returned": None, "verified": value, "error": error} for value in readings]
    return {"command_uuid": str(COMMAND), "status": status, "calls": calls}


@pytest.mark.parametrize(
    ("step", "content", "status", "observed", "words"),
    [
        (Change(ROAM), results(False, True), "verified", ROAM, ""),
        (Change(NONE), results(True, True), "verified", NONE, ""),
        (Look(), results(False, False), "verified", ROAM | CELL, ""),
        # the getter contradicts: another administrator holds on to it, or the setter did nothing
        (Change(ROAM), results(True, True), "failed", NONE, "isRoamingDataEnabled"),
        (Change(NONE), results(True, False), "failed", CELL, "isCellularDataAllowed"),
        (
            Change(NONE),
            results(False, False),
            "failed",
            ROAM | CELL,
            "isRoamingDataEnabled, isCellularDataAllowed",
        ),
        (Change(ROAM), results(status="PENDING"), "not_now", None, ""),
        (Change(ROAM), results(status="NOT_SUPPORTED"), "failed", None, "NOT_SUPPORTED"),
        (
            Change(ROAM),
            results(None, None, status="SECURITY_EXCEPTION", error="Caller is not DO"),
            "failed",
            None,
            "SECURITY_EXCEPTION; Caller is not DO",
        ),
        # answers that tell too little, too much, or nothing
        (Look(), results(False), "failed", None, "every state"),
        (Look(), results(True, True, True), "failed", None, "every state"),
        (Look(), results(None, True), "failed", None, "every state"),
        (Change(ROAM), results("no", 1), "failed", None, "every state"),
        (Change(ROAM), results(0, 1), "failed", None, "every state"),
        (Change(ROAM), {"status": "SUCCESS"}, "failed", None, "cannot be read"),
        (Change(ROAM), {"calls": []}, "failed", None, "cannot be read"),
        (Change(ROAM), {"status": "SUCCESS", "calls": [1]}, "failed", None, "cannot be read"),
        (Change(ROAM), {"status": "SUCCESS", "calls": 1}, "failed", None, "cannot be read"),
        (Change(ROAM), [], "failed", None, "cannot be read"),
        (Change(ROAM), b"", "failed", None, "cannot be read"),
        (Change(ROAM), b"\xff\xfe\x00", "failed", None, "cannot be read"),
        (Change(ROAM), b"[" * 200_000, "failed", None, "cannot be read"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_agents_answer(step, content, status, observed, words):
    answer = knox_answer(step, content)
    assert (answer.status, answer.observed) == (status, observed)
    assert words in answer.error


# --- whatever comes ---------------------------------------------------------------------------

PLIST_KEYS = (
    "Status",
    "ErrorChain",
    "ErrorCode",
    "ProfileList",
    "PayloadIdentifier",
    "PayloadContent",
)
plists = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63),
        st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=20),
        st.binary(max_size=10),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(PLIST_KEYS),
            st.one_of(inner, st.sampled_from(["Acknowledged", "Error", "portal.tem.networkusage"])),
            max_size=4,
        ),
    ),
    max_leaves=12,
)
jsons = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["status", "calls", "verified", "error"]),
            st.one_of(inner, st.just("SUCCESS")),
            max_size=4,
        ),
    ),
    max_leaves=12,
)


def fit_for_the_database(answer: Any) -> bool:
    answer.error.encode()
    return "\x00" not in answer.error and len(answer.error) <= LONGEST_ERROR


@given(content=st.one_of(plists, st.binary(max_size=200)))
def test_no_answer_of_an_iphone_is_an_error_of_ours(content):
    for kind in ("InstallProfile", "RemoveProfile", "ProfileList"):
        answer = apple_answer(kind, content)
        assert fit_for_the_database(answer)
        assert answer.observed is None or answer.observed <= {ROAMING, CELLULAR}


@given(content=st.one_of(jsons, st.binary(max_size=200)))
def test_no_answer_of_an_agent_is_an_error_of_ours(content):
    for step in (Look(), Change(ROAM)):
        assert fit_for_the_database(knox_answer(step, content))


@pytest.mark.parametrize("error", ["a\x00b", "\ud800", "\x1b[31m", "x" * 10_000], ids=ascii)
def test_what_a_device_says_is_kept_only_as_plain_text(error):
    answer = knox_answer(Change(ROAM), results(True, True, status="FAILURE", error=error))
    assert answer.status == "failed"
    assert fit_for_the_database(answer)
    assert answer.error.isprintable()
