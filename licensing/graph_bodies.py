"""What Graph answers about users and sign-ins, in the words of licensing.ports.

Pure. From the property pages of user, assignedLicense, licenseAssignmentState and signIn: an
inherited licence names its group in `assignedByGroup`, success is `status.errorCode` 0, and a
sign-in that is not interactive is an app renewing its token, not a person at the door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from licensing.ports import AccountFacts, SignInFacts

USER_SELECT = (
    "id,userPrincipalName,displayName,accountEnabled,userType,usageLocation,"
    "assignedLicenses,licenseAssignmentStates"
)
"""Most of these come only when they are asked for."""
LONGEST_KEY = 80


class BadBody(ValueError):
    """The body is not what the reference promises."""


def account_of(body: Mapping[str, Any], *, groups: Iterable[str] = ()) -> AccountFacts:
    """A user with USER_SELECT, and the ids of the groups it is in. Raises BadBody."""
    try:
        return AccountFacts(
            entra_id=str(UUID(body["id"])),
            upn=str(body["userPrincipalName"]),
            name=str(body["displayName"] or body["userPrincipalName"]),
            enabled=body["accountEnabled"] is True,
            is_member=(body["userType"] or "Member") == "Member",
            usage_location=str(body["usageLocation"] or ""),
            licences=tuple(_licences(body)),
            groups=tuple(sorted(groups)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as bad:
        raise BadBody("user") from bad


def _licences(body: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    direct = {
        str(UUID(state["skuId"]))
        for state in body["licenseAssignmentStates"] or ()
        if state.get("assignedByGroup") is None
    }
    by_group = {
        str(UUID(state["skuId"]))
        for state in body["licenseAssignmentStates"] or ()
        if state.get("assignedByGroup") is not None
    }
    for held in body["assignedLicenses"] or ():
        sku = str(UUID(held["skuId"]))
        yield {
            "sku": sku,
            "off": sorted(str(UUID(plan)) for plan in held.get("disabledPlans") or ()),
            "inherited": sku in by_group - direct,
        }


def sign_in_of(body: Mapping[str, Any]) -> SignInFacts | None:
    """A sign-in; None where it failed or nobody was there. Raises BadBody, with why."""
    status = body.get("status")
    error = status.get("errorCode") if isinstance(status, Mapping) else None
    if not isinstance(error, int) or isinstance(error, bool):
        raise BadBody("status.errorCode is missing or not a whole number.")
    key = body.get("id")
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY or "\x00" in key:
        raise BadBody(f"id is missing, or not a text of at most {LONGEST_KEY} characters.")
    facts = SignInFacts(
        key=key,
        at=_moment(body.get("createdDateTime")),
        entra_id=_guid(body, "userId"),
        upn=str(body.get("userPrincipalName") or "").replace("\x00", "")[:254],
        app_id=_guid(body, "appId"),
    )
    return facts if error == 0 and body.get("isInteractive") is not False else None


def _guid(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    try:
        if isinstance(value, str) and len(value) <= LONGEST_KEY:
            return str(UUID(value))
    except ValueError:
        pass
    raise BadBody(f"{name} is missing or not a GUID.")


def _moment(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is not None:
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadBody("createdDateTime is missing or not a time, as in 2026-11-25T09:30:00Z.")
