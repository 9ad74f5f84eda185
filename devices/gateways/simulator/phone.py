"""What is inside a simulated phone: it reads the bytes it gets, acts on them, and answers.

Pure: state and command in, state and answer out. It knows nothing of what the portal wants.
"""

from __future__ import annotations

import json
import plistlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from devices.platforms import apple


@dataclass(frozen=True)
class Phone:
    """Settings of one pretend device; `profiles` maps identifiers to their payloads."""

    platform: str
    udid: str
    data_roaming: bool
    cellular_data: bool
    profiles: dict[str, Any]

    def restrictions(self) -> frozenset[str]:
        """What the phone really keeps its user from doing."""
        found = set()
        if self.platform == "knox":
            if not self.data_roaming:
                found.add("roaming_data")
            if not self.cellular_data:
                found.add("cellular_data")
            return frozenset(found)
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
            return phone, json.dumps({"status": "FAILURE", "calls": []}).encode()
        return phone, plistlib.dumps({"UDID": phone.udid, "Status": "CommandFormatError"})


def _answer_as_apple(phone: Phone, payload: bytes) -> tuple[Phone, bytes]:
    document = plistlib.loads(payload)
    command = document["Command"]
    reply: dict[str, Any] = {
        "UDID": phone.udid,
        "CommandUUID": document["CommandUUID"],
        "Status": "Acknowledged",
    }
    request = command["RequestType"]
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
    else:
        reply |= _error("MCMDMErrorDomain", 12021, "The request type is not known.")
    return phone, plistlib.dumps(reply)


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
            "isRoamingDataEnabled": phone.data_roaming,
            "isCellularDataAllowed": phone.cellular_data,
        }[call["verify"]]
        results.append({"returned": returned, "verified": reading, "error": None})
    reply = {
        "command_uuid": document["command_uuid"],
        "status": "SUCCESS",
        "calls": results,
        "reported_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return phone, json.dumps(reply).encode()
