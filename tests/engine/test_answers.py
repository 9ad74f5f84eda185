"""Answers of every kind: what they prove, and that none of them is an error of ours."""

from __future__ import annotations

import json
import plistlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.plan import CELLULAR, ROAMING, Change, Look
from devices.platforms import read_answer
from devices.platforms.answers import LONGEST_ERROR
from tests.engine.wire import (
    CELL,
    COMMAND,
    NONE,
    ROAM,
    SETS,
    jsons,
    named,
    plists,
    profile_of,
    rendered,
)

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


@pytest.mark.parametrize("desired", SETS[1:], ids=named)
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
    ids=named,
)
def test_an_agents_answer(step, content, status, observed, words):
    answer = knox_answer(step, content)
    assert (answer.status, answer.observed) == (status, observed)
    assert words in answer.error


# --- whatever comes ---------------------------------------------------------------------------


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
