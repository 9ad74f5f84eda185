"""What the pretend Graph answers to, and the permission each call wants (any of those named)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from sandbox.cloud.graph import licences
from sandbox.cloud.graph.changes import put, remove, save
from sandbox.cloud.graph.collections import (
    LISTS,
    Answer,
    Call,
    listed,
    one,
    required,
    shown,
    stored,
)
from sandbox.cloud.graph.delta import delta
from sandbox.cloud.graph.problems import bad_request, forbidden, not_found
from sandbox.models import CloudObject, Kind

Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """`permissions`: any of them is enough; an empty set means a signature is enough."""

    method: str
    pattern: re.Pattern[str]
    permissions: frozenset[str]
    handler: Handler
    cost: int = 2


ROUTES: list[Route] = []


def route(
    method: str, path: str, permissions: str, *, cost: int = 2
) -> Callable[[Handler], Handler]:
    """Register a handler: `{name}` in the path is one segment, handed over in order.

    A function may be called with or without its brackets, as in `users/delta()`.
    """
    fixed = re.sub(r"/delta$", r"/delta(?:\(\))?", path.replace("$ref", r"\$ref"))
    pattern = re.compile(re.sub(r"\{\w+\}", r"([^/]+)", fixed), re.IGNORECASE)

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, pattern, frozenset(permissions.split()), handler, cost))
        return handler

    return register


# --- the organisation and its people ----------------------------------------------------------

_DIRECTORY = "Directory.Read.All Directory.ReadWrite.All"
_USERS = f"User.Read.All User.ReadWrite.All {_DIRECTORY}"
_GROUPS = f"Group.Read.All Group.ReadWrite.All GroupMember.ReadWrite.All {_DIRECTORY}"
_MEMBERS = "GroupMember.ReadWrite.All Group.ReadWrite.All Directory.ReadWrite.All"


@route("GET", "organization", f"Organization.Read.All {_DIRECTORY} User.Read.All")
def organization(call: Call) -> Answer:
    tenant = call.tenant
    body = {
        "id": str(tenant.pk),
        "displayName": tenant.name,
        "countryLetterCode": tenant.country,
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "createdDateTime": "2019-03-11T08:00:00Z",
        "verifiedDomains": [
            {"name": tenant.domain, "isDefault": True, "isInitial": True, "type": "Managed",
             "capabilities": "Email, OfficeCommunicationsOnline"}
        ],
        "assignedPlans": [],
    }  # fmt: skip
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#organization", "value": [body]})


@route("GET", "users", _USERS)
def users(call: Call) -> Answer:
    return listed(call, Kind.USER)


@route("GET", "users/delta", _USERS)
def users_delta(call: Call) -> Answer:
    return delta(call, Kind.USER)


@route("GET", "users/{key}", _USERS, cost=1)
def user(call: Call, key: str) -> Answer:
    return one(call, Kind.USER, key)


@route("PATCH", "users/{key}", "User.ReadWrite.All Directory.ReadWrite.All", cost=1)
@transaction.atomic
def update_user(call: Call, key: str) -> Answer:
    """The one property that is changed here: a licence wants a usage location."""
    given = _object(call)
    for name, value in given.items():
        if name != "usageLocation":
            raise bad_request(f"The property '{name[:60]}' cannot be changed here.")
        if not (isinstance(value, str) and re.fullmatch("[A-Z]{2}", value)):
            raise bad_request("Invalid value specified for property 'usageLocation'.")
    row = required(call, Kind.USER, key, lock=True)
    row.body.update(given)
    save(row)
    return Answer(204)


@route("GET", "users/{key}/licenseDetails", f"LicenseAssignment.Read.All {_USERS}")
def license_details(call: Call, key: str) -> Answer:
    return licences.details(call, key)


@route(
    "POST",
    "users/{key}/assignLicense",
    "LicenseAssignment.ReadWrite.All User.ReadWrite.All Directory.ReadWrite.All",
    cost=1,
)
def assign_license(call: Call, key: str) -> Answer:
    return licences.assign(call, key)


@route("GET", "users/{key}/memberOf", _USERS)
def member_of(call: Call, key: str) -> Answer:
    found = required(call, Kind.USER, key)
    return listed(call, Kind.GROUP, Q(hidden__members__contains=[found.object_id]))


@route("GET", "users/{key}/transitiveMemberOf", _USERS)
def transitive_member_of(call: Call, key: str) -> Answer:
    """Groups whose member is the user, or a group with the user in it, however deep."""
    reached: set[str] = set()
    level = {required(call, Kind.USER, key).object_id}
    while level:
        inside = Q()
        for member in level:
            inside |= Q(hidden__members__contains=[member])
        around = stored(call, Kind.GROUP).filter(inside)
        level = set(around.values_list("object_id", flat=True)) - reached
        reached |= level
    return listed(call, Kind.GROUP, Q(object_id__in=reached))


@route("GET", "groups", _GROUPS)
def groups(call: Call) -> Answer:
    return listed(call, Kind.GROUP)


@route("GET", "groups/delta", _GROUPS)
def groups_delta(call: Call) -> Answer:
    return delta(call, Kind.GROUP)


@route("GET", "groups/{key}", _GROUPS, cost=1)
def group(call: Call, key: str) -> Answer:
    return one(call, Kind.GROUP, key)


@route("GET", "groups/{key}/members", _GROUPS)
def members(call: Call, key: str) -> Answer:
    """People and devices alike, each with its type, in the order of their ids."""
    ids = sorted(required(call, Kind.GROUP, key).hidden.get("members", []))
    found = {
        row.object_id: row
        for row in CloudObject.objects.filter(
            cloud_tenant=call.tenant,
            kind__in=[Kind.USER, Kind.DEVICE],
            removed=False,
            object_id__in=ids,
        )
    }
    value = [
        {"@odata.type": f"#microsoft.graph.{row.kind}",
         **shown(row.body, _plain(call), LISTS[Kind(row.kind)])}
        for row in (found[key] for key in ids if key in found)
    ]  # fmt: skip
    context = f"{call.base}/$metadata#directoryObjects"
    return Answer(200, {"@odata.context": context, "value": value})


def _plain(call: Call) -> Call:
    return Call(**{**call.__dict__, "query": {}})


@route("POST", "groups/{key}/members/$ref", _MEMBERS, cost=1)
@transaction.atomic
def add_member(call: Call, key: str) -> Answer:
    link = str(_object(call).get("@odata.id", ""))
    member = link.rpartition("/")[2]
    row = required(call, Kind.GROUP, key, lock=True)
    found = CloudObject.objects.filter(
        cloud_tenant=call.tenant,
        kind__in=[Kind.USER, Kind.GROUP, Kind.DEVICE],
        object_id=member.replace("\x00", ""),
        removed=False,
    ).first()
    if found is None:
        raise not_found(member)
    if found.kind == Kind.DEVICE and "Device.ReadWrite.All" not in call.claims.get("roles", []):
        raise forbidden()  # a device wants that beside the right on groups
    if "DynamicMembership" in row.body["groupTypes"]:
        raise bad_request("Insufficient: the members of a dynamic group follow its rule.")
    if member in row.hidden.setdefault("members", []):
        raise bad_request("One or more added object references already exist for 'members'.")
    row.hidden["members"].append(member)
    save(row)
    return Answer(204)


@route("DELETE", "groups/{key}/members/{member}/$ref", _MEMBERS, cost=1)
@transaction.atomic
def remove_member(call: Call, key: str, member: str) -> Answer:
    row = required(call, Kind.GROUP, key, lock=True)
    if member not in row.hidden.get("members", []):
        raise not_found(member)
    row.hidden["members"].remove(member)
    save(row)
    return Answer(204)


_DEVICES = f"Device.Read.All Device.ReadWrite.All {_DIRECTORY}"


@route("GET", "devices", _DEVICES)
def devices(call: Call) -> Answer:
    return listed(call, Kind.DEVICE)


@route("GET", "devices/{key}", _DEVICES, cost=1)
def device(call: Call, key: str) -> Answer:
    return one(call, Kind.DEVICE, key)


@route("GET", "devices/{key}/memberOf", _DEVICES)
def member_of_as_device(call: Call, key: str) -> Answer:
    found = required(call, Kind.DEVICE, key)
    return listed(call, Kind.GROUP, Q(hidden__members__contains=[found.object_id]))


# --- Intune -----------------------------------------------------------------------------------

_MANAGED = "DeviceManagementManagedDevices.Read.All DeviceManagementManagedDevices.ReadWrite.All"
_CONFIGURATION = (
    "DeviceManagementConfiguration.Read.All DeviceManagementConfiguration.ReadWrite.All"
)
_APPS = "DeviceManagementApps.Read.All DeviceManagementApps.ReadWrite.All"
_SERVICE = "DeviceManagementServiceConfig.Read.All DeviceManagementServiceConfig.ReadWrite.All"
_PARTNERS = "deviceManagement/telecomExpenseManagementPartners"
_PARTNER = {
    "displayName": str,
    "url": str,
    "appAuthorized": bool,
    "enabled": bool,
    "lastConnectionDateTime": str,
}


@route("GET", "deviceManagement/managedDevices", _MANAGED)
def managed_devices(call: Call) -> Answer:
    return listed(call, Kind.MANAGED_DEVICE)


@route("GET", "deviceManagement/managedDevices/{key}", _MANAGED, cost=1)
def managed_device(call: Call, key: str) -> Answer:
    return one(call, Kind.MANAGED_DEVICE, key)


@route("GET", "deviceManagement/deviceCategories", _MANAGED + " " + _CONFIGURATION)
def device_categories(call: Call) -> Answer:
    return listed(call, Kind.DEVICE_CATEGORY)


@route("GET", "deviceManagement/deviceCategories/{key}", _MANAGED + " " + _CONFIGURATION)
def device_category(call: Call, key: str) -> Answer:
    return one(call, Kind.DEVICE_CATEGORY, key)


@route("GET", "deviceManagement/deviceConfigurations", _CONFIGURATION)
def device_configurations(call: Call) -> Answer:
    return listed(call, Kind.DEVICE_CONFIGURATION)


@route("GET", "deviceManagement/deviceConfigurations/{key}", _CONFIGURATION)
def device_configuration(call: Call, key: str) -> Answer:
    return one(call, Kind.DEVICE_CONFIGURATION, key)


@route("GET", "deviceManagement/deviceConfigurations/{key}/assignments", _CONFIGURATION)
def configuration_assignments(call: Call, key: str) -> Answer:
    return _assignments(call, Kind.DEVICE_CONFIGURATION, key)


@route("GET", "deviceAppManagement/mobileApps", _APPS)
def mobile_apps(call: Call) -> Answer:
    return listed(call, Kind.MOBILE_APP)


@route("GET", "deviceAppManagement/mobileApps/{key}", _APPS)
def mobile_app(call: Call, key: str) -> Answer:
    return one(call, Kind.MOBILE_APP, key)


@route("GET", "deviceAppManagement/mobileApps/{key}/assignments", _APPS)
def app_assignments(call: Call, key: str) -> Answer:
    return _assignments(call, Kind.MOBILE_APP, key)


def _assignments(call: Call, kind: Kind, key: str) -> Answer:
    row = required(call, kind, key)
    context = f"{call.base}/$metadata#{LISTS[kind].context}('{row.object_id}')/assignments"
    return Answer(200, {"@odata.context": context, "value": row.hidden.get("assignments", [])})


@route("GET", _PARTNERS, _SERVICE)
def partners(call: Call) -> Answer:
    return listed(call, Kind.PARTNER)


@route("GET", _PARTNERS + "/{key}", _SERVICE)
def partner(call: Call, key: str) -> Answer:
    return one(call, Kind.PARTNER, key)


@route("POST", _PARTNERS, "DeviceManagementServiceConfig.ReadWrite.All")
def create_partner(call: Call) -> Answer:
    given = _partner_properties(call)
    body = {
        "id": str(uuid.uuid4()),
        "displayName": "",
        "url": None,
        "appAuthorized": False,
        "enabled": False,
        "lastConnectionDateTime": None,
        **given,
    }
    row = put(call.tenant, Kind.PARTNER, body)
    context = f"{call.base}/$metadata#{_PARTNERS}/$entity"
    return Answer(201, {"@odata.context": context, **row.body})


@route("PATCH", _PARTNERS + "/{key}", "DeviceManagementServiceConfig.ReadWrite.All")
@transaction.atomic
def update_partner(call: Call, key: str) -> Answer:
    given = _partner_properties(call)
    row = required(call, Kind.PARTNER, key, lock=True)
    row.body.update(given)
    save(row)
    return one(call, Kind.PARTNER, key)


@route("DELETE", _PARTNERS + "/{key}", "DeviceManagementServiceConfig.ReadWrite.All")
@transaction.atomic
def delete_partner(call: Call, key: str) -> Answer:
    remove(required(call, Kind.PARTNER, key, lock=True))
    return Answer(204)


def _partner_properties(call: Call) -> dict[str, Any]:
    given = {k: v for k, v in _object(call).items() if k != "id" and not k.startswith("@")}
    for name, value in given.items():
        if name not in _PARTNER:
            raise bad_request(f"The property '{name[:60]}' does not exist on type "
                              "'microsoft.graph.telecomExpenseManagementPartner'.")  # fmt: skip
        if value is not None and not isinstance(value, _PARTNER[name]):
            raise bad_request(f"The property '{name}' has a value of the wrong type.")
    return given


def _object(call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise bad_request("The request body is not an object.")
    return call.body


# --- licences and sign-ins --------------------------------------------------------------------


@route(
    "GET",
    "subscribedSkus",
    f"Organization.Read.All LicenseAssignment.Read.All LicenseAssignment.ReadWrite.All "
    f"{_DIRECTORY}",
    cost=3,
)
def subscribed_skus(call: Call) -> Answer:
    return listed(call, Kind.SUBSCRIBED_SKU)


@route("GET", "subscribedSkus/{key}", f"Organization.Read.All {_DIRECTORY}", cost=3)
def subscribed_sku(call: Call, key: str) -> Answer:
    return one(call, Kind.SUBSCRIBED_SKU, key)


@route("GET", "auditLogs/signIns", "AuditLog.Read.All")
def sign_ins(call: Call) -> Answer:
    return listed(call, Kind.SIGN_IN)


@route("GET", "auditLogs/signIns/{key}", "AuditLog.Read.All")
def sign_in(call: Call, key: str) -> Answer:
    return one(call, Kind.SIGN_IN, key)
