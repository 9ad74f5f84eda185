"""Which devices cannot be restricted, and why; checked before anything is queued. Pure.

Codes and limits: Apple's device-management schema (access rights, User Enrollment, the rules
payload since iOS 9), Samsung's Knox documentation (management modes, device administrator on
Android 15) and Microsoft's pages on telecom expense management (iOS 8, iPadOS 13, Android 4.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

CELLULAR, ROAMING = "cellular_data", "roaming_data"

APPLE = frozenset({"ios", "ipados"})
SUPPORTED = {"ios": (8, 0), "ipados": (13, 0), "knox": (4, 4)}
NETWORK_RULES_SINCE = (9, 0)
"""First iOS that knows the com.apple.networkusagerules payload."""
DEVICE_ADMINISTRATOR_UNTIL = (15, 0)
"""First Android on which a device administrator may find Knox restrictions closed to it."""
PARTIAL = "ios8_no_cellular_rule"
"""The one refusal of a part: what else is wanted of the device is still done."""

PROFILES_RIGHT, NETWORK_RIGHT, SETTINGS_RIGHT = 2, 32, 2048
"""Bits of Apple's AccessRights: install profiles, query the network, change settings."""
RIGHTS = {
    ROAMING: (SETTINGS_RIGHT, NETWORK_RIGHT),
    CELLULAR: (PROFILES_RIGHT,),
}


@dataclass(frozen=True)
class Target:
    """What the plan needs to know of a device. `access_rights` is Apple's; 8191 grants all."""

    platform: str
    os_version: str = ""
    has_mobile_radio: bool = True
    management_mode: str = "device"
    state: str = "managed"
    access_rights: int = 8191
    has_gateway: bool = True

    @property
    def is_apple(self) -> bool:
        return self.platform in APPLE

    @property
    def takes_rules(self) -> bool:
        """Whether the device knows the payload of network usage rules and may be given it."""
        version = parse_version(self.os_version)
        is_new = not version or version >= NETWORK_RULES_SINCE
        return self.is_apple and is_new and bool(self.access_rights & PROFILES_RIGHT)


@dataclass(frozen=True)
class Refusal:
    """Why nothing can be sent: a key of common.sentences, and its figures."""

    code: str
    facts: tuple[tuple[str, str], ...] = ()


def refusal(*, target: Target, restrictions: Iterable[str]) -> Refusal | None:
    """Why these restrictions cannot be put on this device, or None if they can."""
    wanted = frozenset(restrictions)
    if not wanted:
        return None
    if target.state in {"unmanaged", "retired"}:
        return Refusal("not_enrolled")
    if not target.has_gateway:
        return Refusal("no_gateway")
    if target.platform == "android":
        return Refusal("not_knox")
    if target.platform not in SUPPORTED:
        return Refusal("unknown_platform")
    if not target.has_mobile_radio:
        return Refusal("no_cellular_hardware")
    if target.is_apple and target.management_mode == "user":
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
    missing = _missing_right(target, wanted)
    if missing:
        return Refusal("missing_access_right", (("right", str(missing)),))
    if CELLULAR in wanted and target.platform == "ios" and version:
        return Refusal(PARTIAL) if version < NETWORK_RULES_SINCE else None
    return None


def _missing_right(target: Target, wanted: frozenset[str]) -> int:
    """The first access right that an Apple enrolment lacks for what is wanted; 0 for none."""
    if not target.is_apple:
        return 0
    needed = [right for name in sorted(wanted) for right in RIGHTS[name]]
    return next((right for right in needed if not target.access_rights & right), 0)


def caveats(*, target: Target, restrictions: Iterable[str]) -> tuple[str, ...]:
    """What a restriction does not do on this device, as keys of common.sentences."""
    wanted = frozenset(restrictions)
    found = []
    if target.is_apple and CELLULAR in wanted:
        found.append("managed_apps_only")
    if target.is_apple and ROAMING in wanted:
        found.append("roaming_can_be_turned_on")
    old = target.platform == "knox" and target.management_mode == "DA"
    if old and wanted and parse_version(target.os_version) >= DEVICE_ADMINISTRATOR_UNTIL:
        found.append("da_mode_android15")
    return tuple(found)


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
