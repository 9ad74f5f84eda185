"""The planner: from what a device shall be and was last seen to be, the one next step.

Pure and without choices left for whoever carries the step out. A step is idempotent ("be
restricted like this"), so repeating one after a crash does no harm. Limits of the platforms and
the refusal codes are those of Apple's and Samsung's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

CELLULAR, ROAMING = "cellular_data", "roaming_data"
RESYNC_AFTER = timedelta(hours=4)
"""How long an observation is trusted while something is restricted."""

SUPPORTED = {"ios": (8, 0), "ipados": (13, 0), "knox": (4, 4)}
NETWORK_RULES_SINCE = (9, 0)
"""First iOS that knows the com.apple.networkusagerules payload."""


@dataclass(frozen=True)
class Target:
    """What the plan needs to know of a device."""

    platform: str
    os_version: str = ""
    has_mobile_radio: bool = True
    management_mode: str = "device"
    state: str = "managed"


@dataclass(frozen=True)
class Situation:
    """`observed` is None while nobody has looked; `must_look` asks before telling."""

    desired: frozenset[str]
    observed: frozenset[str] | None = None
    must_look: bool = False
    observed_at: datetime | None = None


@dataclass(frozen=True)
class Nothing:
    """The device is as it shall be; `look_again_at` is when to make sure."""

    look_again_at: datetime | None = None


@dataclass(frozen=True)
class Look:
    """Ask the device what it is."""


@dataclass(frozen=True)
class Change:
    """Make the device exactly so, whatever it was."""

    desired: frozenset[str]


@dataclass(frozen=True)
class Refusal:
    """Why nothing can be sent: a key of common.sentences, and its figures."""

    code: str
    facts: tuple[tuple[str, str], ...] = ()


Step = Nothing | Look | Change | Refusal


def plan(*, target: Target, situation: Situation, now: datetime) -> Step:
    """The next step for one device."""
    refused = refusal(target=target, restrictions=situation.desired)
    if refused:
        return refused
    if situation.must_look:
        return Look()
    if situation.observed == situation.desired or not (situation.observed or situation.desired):
        if not situation.desired:
            return Nothing()
        seen = situation.observed_at
        if seen is None or now - seen >= RESYNC_AFTER:
            return Look()
        return Nothing(look_again_at=seen + RESYNC_AFTER)
    return Change(situation.desired)


def refusal(*, target: Target, restrictions: Iterable[str]) -> Refusal | None:
    """Why these restrictions cannot be put on this device, or None if they can."""
    wanted = frozenset(restrictions)
    if not wanted:
        return None
    if target.state in {"unmanaged", "retired"}:
        return Refusal("not_enrolled")
    if target.platform == "android":
        return Refusal("not_knox")
    if target.platform not in SUPPORTED:
        return Refusal("unknown_platform")
    if not target.has_mobile_radio:
        return Refusal("no_cellular_hardware")
    if target.platform in {"ios", "ipados"} and target.management_mode == "user":
        return Refusal("user_enrollment")
    if target.platform == "knox" and target.management_mode == "PO":
        return Refusal("work_profile_only")
    version = parse_version(target.os_version)
    minimum = SUPPORTED[target.platform]
    if version and version < minimum:
        return Refusal(
            "os_too_old",
            (
                ("platform", target.platform),
                ("version", target.os_version),
                ("minimum", ".".join(map(str, minimum))),
            ),
        )
    if target.platform == "ios" and version and version < NETWORK_RULES_SINCE:
        return Refusal("ios8_no_cellular_rule")
    return None


_VERSION = re.compile(r"^(\d+(?:\.\d+)*)(?:\s*\([a-z]\))?$", re.ASCII)


def parse_version(text: str) -> tuple[int, ...]:
    """`"3.10"` -> (3, 10), so that it is newer than 3.9; empty for a text that is no version.

    Two parts at least, so that `"13"` is not older than 13.0; Apple's rapid fixes ("16.1 (a)") are
    left out.
    """
    match = _VERSION.match(text.strip())
    if match is None:
        return ()
    parts = tuple(map(int, match[1].split(".")))
    return parts if len(parts) > 1 else (*parts, 0)


BACK_OFF = (60, 300, 900, 3600)
"""Seconds until the next try after the first, second, ... failure; the last one repeats."""

PUSH_AGAIN = (900, 3600, 14_400, 28_800)
"""Seconds until a device that has not answered is called again."""


def wait_after(tries: int, schedule: tuple[int, ...]) -> timedelta:
    """The pause after the given number of tries (1 or more)."""
    return timedelta(seconds=schedule[min(max(tries, 1), len(schedule)) - 1])
