"""Listing and reading: `$filter`, `$select`, `$top`, `$orderby`, pages by `@odata.nextLink`.

Pages go by the last key of the page before (`$skiptoken`), so a list stays right while objects
come and go. `$top` is the size of a page, as in Graph.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from sandbox.cloud.graph.filters import condition
from sandbox.cloud.graph.problems import bad_request, not_found
from sandbox.models import CloudObject, CloudTenant, Kind


@dataclass(frozen=True)
class Call:
    """One request to the pretend Graph, by HTTP or inside a batch."""

    tenant: CloudTenant
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    base: str
    now: datetime
    claims: Mapping[str, Any]

    def link(self, **query: str) -> str:
        return f"{self.base}/{self.path}?{urlencode(query)}"


@dataclass(frozen=True)
class Answer:
    """Status, body (None: no content) and what the call cost in resource units."""

    status: int
    body: Any = None
    units: int = 1


@dataclass(frozen=True)
class Listed:
    """How a collection behaves. `default` names the properties answered without $select.

    `by_id` are empty in a list and in an object that is read without naming them in $select.
    `beta` are answered, being on record in the facts, and refused in $select as v1.0 refuses
    what only beta has.
    """

    kind: Kind
    context: str
    page: int = 100
    most: int = 999
    filterable: frozenset[str] = frozenset()
    time_property: str = ""
    default: tuple[str, ...] = ()
    by_id: tuple[str, ...] = ()
    beta: frozenset[str] = frozenset()
    options: bool = True


LISTS = {
    kind.kind: kind
    for kind in (
        Listed(
            Kind.USER,
            "users",
            filterable=frozenset(
                {"accountEnabled", "userPrincipalName", "displayName", "mail", "id", "department",
                 "userType", "usageLocation"}
            ),
            default=("businessPhones", "displayName", "givenName", "jobTitle", "mail",
                     "mobilePhone", "officeLocation", "preferredLanguage", "surname",
                     "userPrincipalName", "id"),
        ),
        Listed(
            Kind.GROUP,
            "groups",
            filterable=frozenset({"displayName", "securityEnabled", "mailEnabled", "id"}),
        ),
        Listed(
            Kind.DEVICE,
            "devices",
            filterable=frozenset({"deviceId", "displayName", "operatingSystem", "accountEnabled"}),
        ),
        Listed(
            Kind.MANAGED_DEVICE,
            "deviceManagement/managedDevices",
            page=1000,
            most=1000,
            filterable=frozenset(
                {"imei", "serialNumber", "phoneNumber", "userId", "operatingSystem", "deviceName",
                 "managedDeviceOwnerType", "azureADDeviceId", "userPrincipalName"}
            ),
            by_id=("iccid", "udid"),
            beta=frozenset({"deviceType", "managementState"}),
        ),
        Listed(Kind.DEVICE_CATEGORY, "deviceManagement/deviceCategories"),
        Listed(Kind.DEVICE_CONFIGURATION, "deviceManagement/deviceConfigurations"),
        Listed(Kind.PARTNER, "deviceManagement/telecomExpenseManagementPartners"),
        Listed(Kind.MOBILE_APP, "deviceAppManagement/mobileApps",
               filterable=frozenset({"displayName", "publisher"})),
        Listed(Kind.SUBSCRIBED_SKU, "subscribedSkus", options=False),
        Listed(
            Kind.SIGN_IN,
            "auditLogs/signIns",
            page=1000,
            most=1000,
            filterable=frozenset(
                {"createdDateTime", "appId", "userId", "status/errorCode", "appDisplayName",
                 "userPrincipalName"}
            ),
            time_property="createdDateTime",
        ),
    )
}  # fmt: skip


def stored(call: Call, kind: Kind) -> QuerySet[CloudObject]:
    """What is there of a kind."""
    return CloudObject.objects.filter(cloud_tenant=call.tenant, kind=kind, removed=False)


def required(call: Call, kind: Kind, key: str, *, lock: bool = False) -> CloudObject:
    """One object by id (a user also by principal name). Raises GraphProblem (404)."""
    found = stored(call, kind)
    if lock:
        found = found.select_for_update()
    key = key.replace("\x00", "")
    matches = Q(object_id=key)
    if kind == Kind.USER and "@" in key:
        matches = Q(body__userPrincipalName__iexact=key)
    one = found.filter(matches).first()
    if one is None:
        raise not_found(key)
    return one


def listed(call: Call, kind: Kind, only: Q | None = None) -> Answer:
    """A page of a collection."""
    how = LISTS[kind]
    if not how.options and any(name.startswith("$") for name in call.query):
        raise bad_request("This resource does not support custom page sizes or query options.",
                          "Request_UnsupportedQuery")  # fmt: skip
    size = _size(call.query.get("$top"), how)
    found = stored(call, kind).filter(only or Q())
    if "$filter" in call.query:
        found = found.filter(
            condition(
                call.query["$filter"],
                properties=how.filterable,
                time_property=how.time_property,
            )
        )
    found = _in_order(found, call, how)
    rows = list(found[: size + 1])
    body: dict[str, Any] = {"@odata.context": _context(call, how)}
    if "$count" in call.query:
        body["@odata.count"] = found.count()
    if len(rows) > size:
        kept = {name: call.query[name] for name in call.query if name != "$skiptoken"}
        body["@odata.nextLink"] = call.link(**kept, **{"$skiptoken": _token(rows[size - 1])})
    body["value"] = [shown(_as_listed(row.body, how), call, how) for row in rows[:size]]
    return Answer(200, body)


def one(call: Call, kind: Kind, key: str) -> Answer:
    """One object, with its context."""
    how = LISTS[kind]
    body = required(call, kind, key).body
    if not call.query.get("$select"):
        body = _as_listed(body, how)
    body = shown(body, call, how)
    return Answer(200, {"@odata.context": f"{_context(call, how)}/$entity", **body})


def _as_listed(body: dict[str, Any], how: Listed) -> dict[str, Any]:
    return {**body, **dict.fromkeys(how.by_id, "")} if how.by_id else body


def shown(body: dict[str, Any], call: Call, how: Listed) -> dict[str, Any]:
    """The properties asked for, or those that the collection answers without being asked."""
    wanted: Iterable[str] = how.default
    if call.query.get("$select"):
        wanted = [name.strip() for name in call.query["$select"].split(",")]
        unknown = [
            name
            for name in wanted
            if name in how.beta or (name not in body and not name.startswith("@"))
        ]
        if unknown:
            raise bad_request(
                f"Could not find a property named '{unknown[0][:60]}' on type "
                f"'microsoft.graph.{how.kind}'.", "BadRequest"
            )  # fmt: skip
        if "id" not in wanted:
            wanted = [*wanted, "id"]
    if not wanted:
        return body
    keep = {*wanted, "@odata.type"}
    return {name: value for name, value in body.items() if name in keep}


def _context(call: Call, how: Listed) -> str:
    return f"{call.base}/$metadata#{how.context}"


def _size(asked: str | None, how: Listed) -> int:
    if asked is None:
        return how.page
    if not (asked.isascii() and asked.isdigit()) or not 1 <= int(asked[:9]) <= how.most:
        raise bad_request(f"Invalid page size specified: '{asked[:20]}'. Must be between 1 and "
                          f"{how.most} inclusive.")  # fmt: skip
    return int(asked)


def _in_order(found: QuerySet[CloudObject], call: Call, how: Listed) -> QuerySet[CloudObject]:
    asked = call.query.get("$orderby", "").split()
    if how.time_property:
        if asked and (asked[0] != how.time_property or asked[1:] not in ([], ["asc"], ["desc"])):
            raise bad_request("The orderby is not supported.", "BadRequest")
        falling = asked[1:] != ["asc"] if len(asked) != 1 else False
        return _by_time(found, call, falling=falling)
    if asked and asked not in (["id"], ["id", "asc"]):
        raise bad_request("The orderby is not supported for this resource.", "BadRequest")
    if "$skiptoken" in call.query:
        found = found.filter(object_id__gt=_read_token(call)[1])
    return found.order_by("object_id")


def _by_time(found: QuerySet[CloudObject], call: Call, *, falling: bool) -> QuerySet[CloudObject]:
    if "$skiptoken" in call.query:
        at, key = _read_token(call)
        try:
            moment = datetime.fromisoformat(str(at))
        except ValueError:
            raise _bad_token() from None
        side = "lt" if falling else "gt"
        found = found.filter(
            Q(**{f"at__{side}": moment}) | Q(at=moment, **{f"object_id__{side}": key})
        )
    return found.order_by(*(("-at", "-object_id") if falling else ("at", "object_id")))


def _token(row: CloudObject) -> str:
    text = json.dumps([row.at.isoformat() if row.at else None, row.object_id])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_token(call: Call) -> tuple[str | None, str]:
    try:
        at, key = json.loads(base64.urlsafe_b64decode(call.query["$skiptoken"]))
        return at, str(key).replace("\x00", "")
    except (ValueError, TypeError):
        raise _bad_token() from None


def _bad_token() -> Exception:
    return bad_request("The skip token is not valid.", "Directory_ExpiredPageToken")
