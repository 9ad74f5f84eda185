"""Commands in bytes, and any property list or JSON for properties."""

from __future__ import annotations

import plistlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from devices.plan import CELLULAR, ROAMING, Change, Look
from devices.platforms import render

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


def named(value: object) -> str:
    """The id of a parameter. Sets print in an order of each process's own, and xdist wants the same
    ids from every worker.
    """
    match value:
        case frozenset():
            return "+".join(sorted(value)) or "nothing"
        case Change(desired=desired):
            return f"Change({named(desired)})"
    return str(value)[:60]


def rendered(platform: str, step: Change | Look, *, device: int = 42, command: UUID = COMMAND):
    return render(platform=platform, step=step, device_id=device, command_id=command, now=NOW)


def profile_of(desired: frozenset[str], **more: Any) -> dict[str, Any]:
    document = plistlib.loads(rendered("ios", Change(desired), **more).payload)
    return plistlib.loads(document["Command"]["Payload"])


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
