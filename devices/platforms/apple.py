"""Apple MDM: the setting for data roaming, and one profile of network usage rules per device.

`Settings`/DataRoaming acts once: its user can turn roaming on again, so `DeviceInformation` is
asked about it. The rules payload may exist once per device, so all restrictions live in one
profile that is replaced in place: constant identifiers and UUIDs derived from the device. It
binds managed apps only. Source: Apple's device-management schema (settings.yaml,
information.device.yaml, com.apple.networkusagerules of iOS 9+). An installed profile's content
cannot be read back; the inner identifier names what it restricts.
"""

from __future__ import annotations

import plistlib
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from devices.plan import CELLULAR, ROAMING, Change, Look, LookAtRoaming, Order, SetRoaming
from devices.platforms.answers import Answer

PROFILE = "portal.tem.networkusage"
RULES = f"{PROFILE}.rules"
PAYLOAD_TYPE = "com.apple.networkusagerules"
NAMESPACE = UUID("6f1a2f0e-4f5c-4d52-9a53-5b3f4f0d7c11")
ABSENT_PROFILE = (12013, 12075)
"""Error codes of RemoveProfile for a profile that is not there: the wish is already true."""


DATA_ROAMING = "DataRoamingEnabled"


def render(
    *,
    step: Order,
    device_id: int,
    command_id: UUID,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[str, bytes]:
    """The command's RequestType and its XML property list; Apple's commands have no expiry."""
    command = _command(step, device_id)
    document = {"CommandUUID": str(command_id).upper(), "Command": command}
    return command["RequestType"], plistlib.dumps(document)


def _command(step: Order, device_id: int) -> dict[str, Any]:
    match step:
        case SetRoaming(enabled=enabled):
            items = [{"Item": "DataRoaming", "Enabled": enabled}]
            return {"RequestType": "Settings", "Settings": items}
        case LookAtRoaming():
            return {"RequestType": "DeviceInformation", "Queries": [DATA_ROAMING]}
        case Look():
            return {"RequestType": "ProfileList", "ManagedOnly": True}
        case Change(desired=desired) if desired:
            profile = plistlib.dumps(network_rules_profile(device_id, desired))
            return {"RequestType": "InstallProfile", "Payload": profile}
        case _:
            return {"RequestType": "RemoveProfile", "Identifier": PROFILE}


def network_rules_profile(device_id: int, restrictions: frozenset[str]) -> dict[str, Any]:
    """The profile that restricts every managed app of the device."""
    rule = {
        "AllowRoamingCellularData": False,
        "AllowCellularData": CELLULAR not in restrictions,
    }
    return {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": PROFILE,
        "PayloadUUID": str(uuid5(NAMESPACE, f"{device_id}/profile")).upper(),
        "PayloadDisplayName": "Mobile data limits",
        "PayloadContent": [
            {
                "PayloadType": PAYLOAD_TYPE,
                "PayloadVersion": 1,
                "PayloadIdentifier": ".".join([RULES, *sorted(restrictions)]),
                "PayloadUUID": str(uuid5(NAMESPACE, f"{device_id}/rules")).upper(),
                "ApplicationRules": [rule],
            }
        ],
    }


def read_answer(*, kind: str, payload: bytes, raw: bytes) -> Answer:
    """Read a device's answer. An acknowledged change proves nothing until a query does."""
    try:
        answer = plistlib.loads(raw)
    except Exception:  # broken lists raise nearly anything from plistlib: it trusts its input
        return Answer("failed", error="The device's answer is not a property list.")
    if not isinstance(answer, dict):
        return Answer("failed", error="The device's answer is not a dictionary.")
    status = answer.get("Status")
    if status == "NotNow":
        return Answer("not_now")
    if status == "CommandFormatError":
        return Answer("format_error", error=_chain(answer) or "The device rejects the format.")
    if status == "Error":
        absent = any(link.get("ErrorCode") in ABSENT_PROFILE for link in _links(answer))
        if kind == "RemoveProfile" and absent:
            return Answer("acknowledged")
        return Answer("failed", error=_chain(answer) or "The device answered with an error.")
    if status != "Acknowledged":
        return Answer("failed", error=f"The device answered with the status {status!r}.")
    if kind == "Settings":
        return _settings_done(answer)
    if kind == "DeviceInformation":
        return _roaming_told(answer)
    if kind != "ProfileList":
        return Answer("acknowledged")
    if not isinstance(answer.get("ProfileList"), list):
        return Answer("failed", error="The device's answer has no list of profiles.")
    return Answer("verified", observed=_observed(answer["ProfileList"]))


def _settings_done(answer: dict[str, Any]) -> Answer:
    """Each item has a result of its own: a dictionary, or one in a list, by version of iOS."""
    told = answer.get("Settings")
    results = [told] if isinstance(told, dict) else _dictionaries(told)
    for result in results:
        if result.get("Status", "Acknowledged") != "Acknowledged":
            return Answer("failed", error=_chain(result) or "The device answered with an error.")
    return Answer("acknowledged")


def _roaming_told(answer: dict[str, Any]) -> Answer:
    responses = answer.get("QueryResponses")
    told = responses.get(DATA_ROAMING) if isinstance(responses, dict) else None
    if not isinstance(told, bool):
        return Answer("failed", error="The device's answer does not tell data roaming.")
    return Answer("verified", data_roaming=told)


def _observed(profiles: list[Any]) -> frozenset[str]:
    found: set[str] = set()
    for profile in _dictionaries(profiles):
        if profile.get("PayloadIdentifier") == PROFILE:
            for content in _dictionaries(profile.get("PayloadContent")):
                found.update(restrictions_named(content.get("PayloadIdentifier")))
    return frozenset(found)


def restrictions_named(identifier: object) -> frozenset[str]:
    """The restrictions that the inner identifier of our profile names; none for any other."""
    if not isinstance(identifier, str):
        return frozenset()
    head, *names = identifier.removeprefix(RULES).split(".")
    is_ours = identifier.startswith(RULES) and not head
    return frozenset(names) & {CELLULAR, ROAMING} if is_ours else frozenset()


def _links(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return _dictionaries(answer.get("ErrorChain"))


def _dictionaries(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _chain(answer: dict[str, Any]) -> str:
    return "; ".join(
        f"{link.get('ErrorDomain', '')} {link.get('ErrorCode', '')}: "
        f"{link.get('USEnglishDescription') or link.get('LocalizedDescription') or ''}"
        for link in _links(answer)
    )
