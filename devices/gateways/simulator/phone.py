"""What is inside a simulated phone: it reads the bytes it gets, acts on them, and answers.

Pure: state and command in, state and answer out. It knows nothing of what the portal wants.
Behaviour follows Apple's and Samsung's documentation: a locked iPhone says NotNow to a profile,
an enrolment without the right to change settings answers 12007, a user may hold a policy.
"""

from __future__ import annotations

import json
import plistlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from devices.platforms import apple

WIFI, CELLULAR, NONE = "wifi", "cellular", "none"
"""By what a phone is on the network."""
SETTINGS_RIGHTS = 2048 | 32
PROFILES_RIGHT = 2
NOT_WHILE_LOCKED = frozenset({"InstallProfile"})


@dataclass(frozen=True)
class Phone:
    """Settings of one pretend device; `profiles` maps identifiers to their payloads.

    `not_now` is how many more commands are answered NotNow, `error` the code with which the next
    one fails, `held` whether another administrator keeps data roaming and cellular data off.
    """

    platform: str
    udid: str
    data_roaming: bool
    cellular_data: bool
    profiles: dict[str, Any]
    locked: bool = False
    access_rights: int = 8191
    not_now: int = 0
    error: int = 0
    held: bool = False

    def restrictions(self) -> frozenset[str]:
        """What the phone really keeps its user from doing."""
        found = set() if self.data_roaming else {"roaming_data"}
        if not self.cellular_data:
            found.add("cellular_data")
        for profile in self.profiles.values():
            for payload in profile["PayloadContent"]:
                found.update(apple.restrictions_named(payload["PayloadIdentifier"]))
        return frozenset(found)


def answer(*, phone: Phone, payload: bytes, now: datetime) -> tuple[Phone, bytes]:
    """Carry out one command; returns the phone as it is then, and the answer's bytes.

    A command that cannot be read is answered as such: the phone goes on, and so does its queue.
    """
    try:
        if phone.platform == "knox":
            return _answer_as_agent(phone, payload, now)
        return _answer_as_apple(phone, payload)
    except Exception:  # whatever is wrong with the bytes; plistlib raises nearly anything
        if phone.platform == "knox":
            told = {**_named(json.loads, "command_uuid", payload), "status": "FAILURE"}
            return phone, json.dumps({**told, "calls": []}).encode()
        told = {**_named(plistlib.loads, "CommandUUID", payload), "UDID": phone.udid}
        return phone, plistlib.dumps({**told, "Status": "CommandFormatError"})


def _named(read: Callable[[bytes], Any], key: str, payload: bytes) -> dict[str, str]:
    """The command's name for itself, where even that much can be read."""
    try:
        name = read(payload)[key]
    except Exception:  # as above
        return {}
    return {key: name} if isinstance(name, str) else {}


def _answer_as_apple(phone: Phone, payload: bytes) -> tuple[Phone, bytes]:
    document = plistlib.loads(payload)
    command = document["Command"]
    reply: dict[str, Any] = {
        "UDID": phone.udid,
        "CommandUUID": document["CommandUUID"],
        "Status": "Acknowledged",
    }
    request = command["RequestType"]
    if phone.not_now or (phone.locked and request in NOT_WHILE_LOCKED):
        after = replace(phone, not_now=max(phone.not_now - 1, 0))
        return after, plistlib.dumps({**reply, "Status": "NotNow"})
    if phone.error:
        reply |= _error("MCMDMErrorDomain", phone.error, "A fault of the simulation.")
        return replace(phone, error=0), plistlib.dumps(reply)
    missing = _missing_right(phone, request)
    if missing:
        reply |= _error("MCMDMErrorDomain", 12007, "Not authorized.")
        return phone, plistlib.dumps(reply)
    if request == "InstallProfile":
        profile = _kept(plistlib.loads(command["Payload"]))
        if profile is None:
            reply |= _error("MCProfileErrorDomain", 1000, "The profile is malformed.")
        else:
            profiles = {**phone.profiles, profile["PayloadIdentifier"]: profile}
            phone = replace(phone, profiles=profiles)
    elif request == "RemoveProfile":
        if command["Identifier"] in phone.profiles:
            left = {k: v for k, v in phone.profiles.items() if k != command["Identifier"]}
            phone = replace(phone, profiles=left)
        else:
            reply |= _error("MCMDMErrorDomain", 12075, "The profile is not installed.")
    elif request == "ProfileList":
        reply["ProfileList"] = [
            {
                "PayloadIdentifier": identifier,
                "PayloadUUID": profile["PayloadUUID"],
                "IsManaged": True,
                "PayloadContent": [
                    {
                        "PayloadType": content["PayloadType"],
                        "PayloadIdentifier": content["PayloadIdentifier"],
                    }
                    for content in profile["PayloadContent"]
                ],
            }
            for identifier, profile in phone.profiles.items()
        ]
    elif request == "Settings":
        phone, reply["Settings"] = _with_settings(phone, command["Settings"])
    elif request == "DeviceInformation":
        known = {"DataRoamingEnabled": phone.data_roaming}
        asked = command["Queries"]
        reply["QueryResponses"] = {name: known[name] for name in asked if name in known}
    else:
        reply |= _error("MCMDMErrorDomain", 12021, "The request type is not known.")
    return phone, plistlib.dumps(reply)


def _missing_right(phone: Phone, request: str) -> bool:
    if request in {"Settings", "DeviceInformation"}:
        return phone.access_rights & SETTINGS_RIGHTS != SETTINGS_RIGHTS
    return request in {"InstallProfile", "RemoveProfile"} and not (
        phone.access_rights & PROFILES_RIGHT
    )


def _with_settings(phone: Phone, items: list[Any]) -> tuple[Phone, list[dict[str, Any]]]:
    """The phone after these items of a Settings command, and a result for each."""
    results: list[dict[str, Any]] = []
    for item in items:
        if item["Item"] == "DataRoaming" and isinstance(item["Enabled"], bool):
            phone = replace(phone, data_roaming=item["Enabled"])
            results.append({"Item": item["Item"], "Status": "Acknowledged"})
        else:
            fault = _error("MCSettingsErrorDomain", 28000, "The item is not known.")
            results.append({"Item": str(item["Item"]), **fault})
    return phone, results


def _kept(profile: Any) -> dict[str, Any] | None:
    """What the phone keeps of a profile: texts only; None if one that must be there is not."""
    try:
        kept = {key: profile[key] for key in ("PayloadIdentifier", "PayloadUUID")}
        contents = [
            {key: content[key] for key in ("PayloadType", "PayloadIdentifier", "PayloadUUID")}
            for content in profile["PayloadContent"]
        ]
    except (KeyError, TypeError):
        return None
    texts = [*kept.values(), *(text for content in contents for text in content.values())]
    if not all(isinstance(text, str) for text in texts):
        return None
    return {**kept, "PayloadContent": contents}


def _error(domain: str, code: int, text: str) -> dict[str, Any]:
    link = {
        "ErrorDomain": domain,
        "ErrorCode": code,
        "LocalizedDescription": text,
        "USEnglishDescription": text,
    }
    return {"Status": "Error", "ErrorChain": [link]}


def _answer_as_agent(phone: Phone, payload: bytes, now: datetime) -> tuple[Phone, bytes]:
    document = json.loads(payload)
    told = {"command_uuid": document["command_uuid"], "reported_at": _stamp(now)}
    if phone.not_now:
        after = replace(phone, not_now=phone.not_now - 1)
        return after, json.dumps({**told, "status": "PENDING", "calls": []}).encode()
    if phone.error:
        refused = {**told, "status": "SECURITY_EXCEPTION", "calls": [{"error": str(phone.error)}]}
        return replace(phone, error=0), json.dumps(refused).encode()
    if "expires_at" in document and _stamp(now) > document["expires_at"]:
        late = {**told, "status": "FAILURE", "calls": [{"error": "The command has expired."}]}
        return phone, json.dumps(late).encode()
    results = []
    for call in document["calls"]:
        returned = None
        if "method" in call and call["args"] not in ([True], [False]):
            raise TypeError("The setters take one boolean.")
        if call.get("method") == "setRoamingData":
            phone = replace(phone, data_roaming=bool(call["args"][0]))
        elif call.get("method") == "setCellularData":
            phone = replace(phone, cellular_data=bool(call["args"][0]))
            returned = True
        reading = {
            "isRoamingDataEnabled": phone.data_roaming and not phone.held,
            "isCellularDataAllowed": phone.cellular_data and not phone.held,
        }[call["verify"]]
        results.append({"returned": returned, "verified": reading, "error": None})
    return phone, json.dumps({**told, "status": "SUCCESS", "calls": results}).encode()


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def is_reachable(
    *, platform: str, bearer: str, abroad: bool, data_roaming: bool, cellular_data: bool
) -> bool:
    """Whether a push gets through: over Wi-Fi, or where the very bearer was not cut off.

    Apple's rules do not stop the system's own traffic, so only Knox's switch closes cellular.
    """
    if bearer == WIFI:
        return True
    closed = platform == "knox" and not cellular_data
    return bearer == CELLULAR and not closed and (not abroad or data_roaming)
