"""Samsung Knox: the JSON that the portal's agent on the phone carries out.

Knox has no wire format; each call names a method of the SDK and the getter that proves it,
because setRoamingData returns nothing. An answer therefore always tells the state.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from devices.plan import CELLULAR, ROAMING, Change, Order
from devices.platforms.answers import Answer

TIME = "%Y-%m-%dT%H:%M:%SZ"
"""Times on the wire, in UTC."""
SWITCHES = {
    ROAMING: ("RoamingPolicy", "setRoamingData", "isRoamingDataEnabled"),
    CELLULAR: ("RestrictionPolicy", "setCellularData", "isCellularDataAllowed"),
}
"""Restriction -> policy class, setter, getter; both take and give True for "allowed"."""


def render(
    *,
    step: Order,
    device_id: int,
    command_id: UUID,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[str, bytes]:
    """The command's type and its JSON; the agent carries out nothing that has expired."""
    calls: list[dict[str, Any]] = []
    for restriction, (policy, setter, getter) in SWITCHES.items():
        call: dict[str, Any] = {"policy": policy, "verify": getter}
        if isinstance(step, Change):
            allowed = restriction not in step.desired
            call |= {"method": setter, "args": [allowed], "expect": allowed}
        calls.append(call)
    kind = "knox.restriction" if isinstance(step, Change) else "knox.query"
    document: dict[str, Any] = {
        "command_uuid": str(command_id),
        "type": kind,
        "issued_at": now.strftime(TIME),
    }
    if expires_at is not None:
        document["expires_at"] = expires_at.strftime(TIME)
    document["calls"] = calls
    return kind, json.dumps(document, indent=1).encode()


def read_answer(*, kind: str, payload: bytes, raw: bytes) -> Answer:
    """Read an agent's answer; a getter that contradicts the wish is a failure."""
    try:
        answer = json.loads(raw)
        calls = json.loads(payload)["calls"]
        results = answer["calls"]
        verified = [result["verified"] for result in results]
        errors = [str(result["error"]) for result in results if result.get("error")]
        status = answer["status"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Answer("failed", error="The agent's answer cannot be read.")
    if status == "PENDING":
        return Answer("not_now")
    if status != "SUCCESS":
        return Answer("failed", error="; ".join([str(status), *errors]))
    if len(verified) != len(calls) or not all(isinstance(value, bool) for value in verified):
        return Answer("failed", error="The agent's answer does not tell every state asked for.")
    getters = {getter: restriction for restriction, (_, _, getter) in SWITCHES.items()}
    told = list(zip(calls, verified, strict=True))
    observed = frozenset(getters[call["verify"]] for call, allowed in told if not allowed)
    missed = [call["verify"] for call, allowed in told if call.get("expect", allowed) != allowed]
    if missed:
        return Answer("failed", observed=observed, error=f"Not as told: {', '.join(missed)}.")
    return Answer("verified", observed=observed)
