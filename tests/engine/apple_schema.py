"""The keys of Apple's device-management schema that our commands and profile may have.

Written down from apple/device-management (MIT): mdm/commands/settings.yaml, profile.install.yaml,
profile.remove.yaml, profile.list.yaml, information.device.yaml, and mdm/profiles/TopLevel.yaml,
CommonPayloadKeys.yaml, com.apple.networkusagerules.yaml. A key that is not here is unknown to a
device; `complaints()` names it, as it names what is missing or of another type.
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Key:
    """One key: its type or the schema of its dictionary, whether it must be there, and a check."""

    kind: type | dict[str, Key] | list[Any]
    required: bool = True
    check: Callable[[Any], bool] | None = None


def _one_of(*values: object) -> Callable[[Any], bool]:
    return lambda value: value in values


def _uuid(value: str) -> bool:
    return str(UUID(value)).upper() == value


APP = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(\.\*)?")
"""An application, or all that begin like this; a star alone is none (error 41001)."""

ITEM = {"Item": Key(str, check=_one_of("DataRoaming")), "Enabled": Key(bool)}
QUERIES = {
    "BuildVersion", "CellularTechnology", "DataRoamingEnabled", "DeviceName", "IsNetworkTethered",
    "IsRoaming", "IsSupervised", "Model", "ModelName", "OSVersion", "PersonalHotspotEnabled",
    "ProductName", "SerialNumber", "ServiceSubscriptions", "SupplementalBuildVersion",
    "SupplementalOSVersionExtra", "UDID",
}  # fmt: skip
REQUESTS: dict[str, dict[str, Key]] = {
    "Settings": {"Settings": Key([ITEM])},
    "DeviceInformation": {"Queries": Key([Key(str, check=QUERIES.__contains__)])},
    "ProfileList": {"ManagedOnly": Key(bool, required=False)},
    "InstallProfile": {"Payload": Key(bytes)},
    "RemoveProfile": {"Identifier": Key(str)},
}
PAYLOAD = {
    "PayloadType": Key(str),
    "PayloadVersion": Key(int, check=_one_of(1)),
    "PayloadIdentifier": Key(str),
    "PayloadUUID": Key(str, check=_uuid),
    "PayloadDisplayName": Key(str, required=False),
    "PayloadDescription": Key(str, required=False),
    "PayloadOrganization": Key(str, required=False),
}
RULE = {
    "AppIdentifierMatches": Key([Key(str, check=APP.fullmatch)], required=False),
    "AllowCellularData": Key(bool, required=False),
    "AllowRoamingCellularData": Key(bool, required=False),
}
RULES = {
    **PAYLOAD,
    "PayloadType": Key(str, check=_one_of("com.apple.networkusagerules")),
    "ApplicationRules": Key([RULE]),  # iOS 9 to 12 know nothing else
}
PROFILE = {
    **PAYLOAD,
    "PayloadType": Key(str, check=_one_of("Configuration")),
    "PayloadContent": Key([RULES]),
    "PayloadRemovalDisallowed": Key(bool, required=False),
    "RemovalDate": Key(datetime, required=False),
    "DurationUntilRemoval": Key(float, required=False),
}


def complaints(payload: bytes) -> list[str]:
    """What a device would say of a command, down to the profile inside it; nothing if all is well.

    >>> complaints(plistlib.dumps({}))
    ['CommandUUID is missing', 'Command is missing']
    """
    document = plistlib.loads(payload)
    command = document.get("Command", {})
    request = command.get("RequestType")
    inside = {"RequestType": Key(str, check=REQUESTS.__contains__), **REQUESTS.get(request, {})}
    found = list(_walk(document, {"CommandUUID": Key(str), "Command": Key(inside)}, ""))
    if request == "InstallProfile" and isinstance(command.get("Payload"), bytes):
        profile = plistlib.loads(command["Payload"])
        found += _walk(profile, PROFILE, "Payload.")
        found += _repeated(profile)
    return found


def _walk(value: dict[str, Any], schema: dict[str, Key], path: str) -> Iterator[str]:
    for name, key in schema.items():
        if name not in value:
            if key.required:
                yield f"{path}{name} is missing"
        else:
            yield from _judge(value[name], key, f"{path}{name}")
    for name in value:
        if name not in schema:
            yield f"{path}{name} is unknown"


def _judge(value: Any, key: Key, path: str) -> Iterator[str]:
    match key.kind:
        case list():
            [inner] = key.kind
            if not isinstance(value, list) or not value:
                yield f"{path} is no filled array"
                return
            for place, item in enumerate(value):
                inner_key = inner if isinstance(inner, Key) else Key(inner)
                yield from _judge(item, inner_key, f"{path}[{place}]")
        case dict():
            if isinstance(value, dict):
                yield from _walk(value, key.kind, f"{path}.")
            else:
                yield f"{path} is no dictionary"
        case kind:
            if type(value) is not kind:  # a boolean is an integer for Python, not for Apple
                yield f"{path} is no {kind.__name__}"
            elif key.check is not None and not key.check(value):
                yield f"{path} may not be {value!r}"


def _repeated(profile: dict[str, Any]) -> Iterator[str]:
    """A payload's UUID may be there once (error 1007), and the rules only once at all."""
    contents = profile.get("PayloadContent", [])
    uuids = [profile.get("PayloadUUID"), *(content.get("PayloadUUID") for content in contents)]
    if len(set(uuids)) != len(uuids):
        yield "Payload has a PayloadUUID twice"
    if len(contents) > 1:
        yield "Payload has more than one payload of rules"
