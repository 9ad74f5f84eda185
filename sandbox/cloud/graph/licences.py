"""`assignLicense` by the real rules: seats, usage location, clashes, group inheritance.

Every refusal is 400 `Request_BadRequest`, as in the real service: a client has to decide from
the state it read, not from the text. Products are locked in the order of their ids, so seats are
never sold twice and two calls never wait for each other in a circle.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import transaction

from sandbox.cloud.graph.changes import next_version, save
from sandbox.cloud.graph.collections import Answer, Call, one, required, stored
from sandbox.cloud.graph.problems import bad_request
from sandbox.cloud.products import EXCLUSIVE
from sandbox.models import CloudObject, Kind


def details(call: Call, key: str) -> Answer:
    """`GET /users/{id}/licenseDetails`."""
    user = required(call, Kind.USER, key)
    products = {row.body["skuId"]: row.body for row in stored(call, Kind.SUBSCRIBED_SKU)}
    value = []
    for held in user.body["assignedLicenses"]:
        product = products.get(held["skuId"])
        if product is None:
            continue
        plans = [
            {
                **{k: plan[k] for k in ("servicePlanId", "servicePlanName", "appliesTo")},
                "provisioningStatus": "Disabled"
                if plan["servicePlanId"] in held["disabledPlans"]
                else "Success",
            }
            for plan in product["servicePlans"]
        ]
        value.append(
            {
                "id": f"{user.object_id}_{product['skuId']}",
                "skuId": product["skuId"],
                "skuPartNumber": product["skuPartNumber"],
                "servicePlans": plans,
            }
        )
    context = f"{call.base}/$metadata#users('{user.object_id}')/licenseDetails"
    return Answer(200, {"@odata.context": context, "value": value})


@transaction.atomic
def assign(call: Call, key: str) -> Answer:
    """`POST /users/{id}/assignLicense`."""
    add, remove = _wishes(call.body)
    next_version(call.tenant.pk)  # one at a time in an organisation, as its row is locked
    products = {
        row.body["skuId"]: row
        for row in stored(call, Kind.SUBSCRIBED_SKU).select_for_update().order_by("object_id")
    }
    user = required(call, Kind.USER, key, lock=True)
    held = {item["skuId"]: item for item in user.body["assignedLicenses"]}
    inherited = {
        state["skuId"]
        for state in user.body["licenseAssignmentStates"]
        if state["assignedByGroup"] is not None
    }
    used: Counter[str] = Counter()
    for sku in remove:
        if sku in inherited:
            raise bad_request(
                "User license is inherited from a group membership and it cannot be removed "
                "directly from the user."
            )
        if sku not in held:
            raise bad_request("User does not have a corresponding license.")
        del held[sku]
        used[sku] -= 1
    for sku, disabled in add.items():
        _check(user, sku, disabled, products)
        used[sku] += 0 if sku in held else 1
        held[sku] = {"skuId": sku, "disabledPlans": disabled}
    for sku, seats in used.items():
        body = products[sku].body if sku in products else None
        if body and seats > 0 and body["consumedUnits"] + seats > body["prepaidUnits"]["enabled"]:
            raise bad_request(f"Subscription with SKU {sku} does not have any available licenses.")
    _check_clashes(held, products)
    _store(call, user, held, inherited, used, products)
    return one(call, Kind.USER, user.object_id)


def _wishes(body: Any) -> tuple[dict[str, list[str]], list[str]]:
    if not isinstance(body, dict):
        raise bad_request("The request body is not an object.")
    for name in ("addLicenses", "removeLicenses"):
        if not isinstance(body.get(name), list):
            raise bad_request(
                "One or more parameters of the operation 'assignLicense' are missing from the "
                f"request payload. The missing parameters are: {name}."
            )
    add: dict[str, list[str]] = {}
    for item in body["addLicenses"]:
        disabled = item.get("disabledPlans", []) if isinstance(item, dict) else None
        if disabled is None or not isinstance(item.get("skuId"), str):
            raise bad_request("addLicenses holds something that is not an assignedLicense.")
        if not isinstance(disabled, list) or not all(isinstance(plan, str) for plan in disabled):
            raise bad_request("disabledPlans is a collection of Guid.")
        add[item["skuId"].lower()] = [plan.lower() for plan in disabled]
    if not all(isinstance(sku, str) for sku in body["removeLicenses"]):
        raise bad_request("removeLicenses is a collection of Guid.")
    return add, [sku.lower() for sku in body["removeLicenses"]]


def _check(
    user: CloudObject, sku: str, disabled: list[str], products: dict[str, CloudObject]
) -> None:
    if not user.body["usageLocation"]:
        raise bad_request("License assignment cannot be done for user with invalid usage location.")
    if sku not in products:
        raise bad_request(f"License {sku} does not correspond to a valid company License.")
    if products[sku].body["capabilityStatus"] != "Enabled":
        raise bad_request(f"Subscription with SKU {sku} is not enabled.")
    plans = {plan["servicePlanId"] for plan in products[sku].body["servicePlans"]}
    if set(disabled) - plans:
        raise bad_request(f"The service plans to disable are not part of the license {sku}.")


def _check_clashes(held: dict[str, dict[str, Any]], products: dict[str, CloudObject]) -> None:
    """Plans that shut one another out, from different products."""
    names: dict[str, set[str]] = {}
    for sku, item in held.items():
        for plan in products[sku].body["servicePlans"] if sku in products else []:
            if plan["servicePlanId"] not in item["disabledPlans"]:
                names.setdefault(plan["servicePlanName"], set()).add(sku)
    for family in EXCLUSIVE:
        found = sorted(family & names.keys())
        if len(found) > 1:
            raise bad_request(
                "License assignment failed because service plans "
                f"{found[0]} and {found[1]} are mutually exclusive."
            )


def _store(
    call: Call,
    user: CloudObject,
    held: dict[str, dict[str, Any]],
    inherited: set[str],
    used: Counter[str],
    products: dict[str, CloudObject],
) -> None:
    stamp = call.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    groups = [s for s in user.body["licenseAssignmentStates"] if s["skuId"] in inherited]
    user.body["assignedLicenses"] = [held[sku] for sku in sorted(held)]
    user.body["licenseAssignmentStates"] = groups + [
        {
            "skuId": sku,
            "disabledPlans": held[sku]["disabledPlans"],
            "assignedByGroup": None,
            "state": "Active",
            "error": "None",
            "lastUpdatedDateTime": stamp,
        }
        for sku in sorted(held)
        if sku not in inherited
    ]
    user.body["assignedPlans"] = [
        {
            "assignedDateTime": stamp,
            "capabilityStatus": "Enabled",
            "service": plan["servicePlanName"],
            "servicePlanId": plan["servicePlanId"],
        }
        for sku in sorted(held)
        for plan in (products[sku].body["servicePlans"] if sku in products else [])
        if plan["servicePlanId"] not in held[sku]["disabledPlans"]
    ]
    save(user)
    for sku, seats in used.items():
        if seats and sku in products:
            products[sku].body["consumedUnits"] += seats
            save(products[sku])
