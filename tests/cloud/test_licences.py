"""assignLicense of the pretend Graph: the rules and error bodies of the real one."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from sandbox.cloud.products import PLANS, PRODUCTS
from sandbox.models import CloudObject, CloudTenant, Kind

pytestmark = pytest.mark.django_db
E3 = PRODUCTS["SPE_E3"].sku_id
BASIC = PRODUCTS["O365_BUSINESS_ESSENTIALS"].sku_id
POWER_APPS = PRODUCTS["POWERAPPS_PER_USER"].sku_id
F3 = PRODUCTS["SPE_F1"].sku_id


@pytest.fixture
def people(graph) -> list[str]:
    """Ids of people who may be given a licence."""
    found = graph("GET", "users?$select=usageLocation").json()["value"]
    return [item["id"] for item in found if item["usageLocation"]]


def assign(graph, user: str, *skus: str, remove=(), disabled=()):
    wish = [{"skuId": sku, "disabledPlans": list(disabled)} for sku in skus]
    return graph("POST", f"users/{user}/assignLicense",
                 {"addLicenses": wish, "removeLicenses": list(remove)})  # fmt: skip


def consumed(graph, sku: str) -> int:
    products = graph("GET", "subscribedSkus").json()["value"]
    return next(item["consumedUnits"] for item in products if item["skuId"] == sku)


def test_a_licence_takes_a_seat_and_shows_in_every_view(graph, people):
    answer = assign(graph, people[0], E3, disabled=[PLANS["SWAY"]])
    assert answer.status_code == 200
    assert answer.json()["id"] == people[0]
    assert consumed(graph, E3) == 1
    details = graph("GET", f"users/{people[0]}/licenseDetails").json()["value"]
    assert [item["skuPartNumber"] for item in details] == ["SPE_E3"]
    states = {p["servicePlanName"]: p["provisioningStatus"] for p in details[0]["servicePlans"]}
    assert (states["SWAY"], states["TEAMS1"]) == ("Disabled", "Success")
    address = f"users/{people[0]}?$select=assignedLicenses,licenseAssignmentStates,assignedPlans"
    user = graph("GET", address).json()
    assert user["assignedLicenses"] == [{"skuId": E3, "disabledPlans": [PLANS["SWAY"]]}]
    assert user["licenseAssignmentStates"][0]["assignedByGroup"] is None
    assert PLANS["SWAY"] not in {plan["servicePlanId"] for plan in user["assignedPlans"]}
    assign(graph, people[0], E3)  # an edit of its plans, not another seat
    assert consumed(graph, E3) == 1
    assert assign(graph, people[0], remove=[E3]).status_code == 200
    assert consumed(graph, E3) == 0


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"addLicenses": []}, "removeLicenses"),
        ({"removeLicenses": []}, "addLicenses"),
        ([], "not an object"),
        ({"addLicenses": [{"skuId": 1}], "removeLicenses": []}, "assignedLicense"),
        ({"addLicenses": [], "removeLicenses": [E3]}, "corresponding license"),
        ({"addLicenses": [{"skuId": F3}], "removeLicenses": []}, "valid company License"),
        (
            {"addLicenses": [{"skuId": E3, "disabledPlans": [PLANS["MCOEV"]]}],
             "removeLicenses": []},
            "not part of the license",
        ),
    ],
)  # fmt: skip
def test_a_wish_that_is_not_in_order_is_400_and_changes_nothing(graph, people, wish, words):
    answer = graph("POST", f"users/{people[0]}/assignLicense", wish)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "Request_BadRequest"
    assert words in answer.json()["error"]["message"]
    assert consumed(graph, E3) == 0


def test_without_usage_location_nothing_is_assigned(graph):
    found = graph("GET", "users?$select=usageLocation").json()["value"]
    nowhere = next(item["id"] for item in found if item["usageLocation"] is None)
    answer = assign(graph, nowhere, E3)
    assert answer.status_code == 400
    assert "usage location" in answer.json()["error"]["message"]


def test_products_that_shut_one_another_out_clash(graph, people):
    assert assign(graph, people[0], E3).status_code == 200
    answer = assign(graph, people[0], BASIC)
    assert answer.status_code == 400
    assert "mutually exclusive" in answer.json()["error"]["message"]
    assert consumed(graph, BASIC) == 0
    without = [PLANS["EXCHANGE_S_STANDARD"], PLANS["SHAREPOINTSTANDARD"]]
    assert assign(graph, people[0], BASIC, disabled=without).status_code == 200


def test_what_came_by_a_group_is_not_removed_from_the_person(graph, people, cloud):
    assign(graph, people[0], E3)
    row = CloudObject.objects.get(cloud_tenant=cloud, object_id=people[0])
    row.body["licenseAssignmentStates"][0]["assignedByGroup"] = "a-group"
    row.save()
    answer = assign(graph, people[0], remove=[E3])
    assert answer.status_code == 400
    assert "inherited from a group" in answer.json()["error"]["message"]


def test_no_more_seats_than_were_bought(graph, people):
    statuses = [assign(graph, person, POWER_APPS).status_code for person in people[:5]]
    assert statuses == [200, 200, 200, 400, 400]
    assert consumed(graph, POWER_APPS) == 3


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_get_three_seats(graph, people, cloud: CloudTenant):
    statuses: list[int] = []

    def claim(person: str) -> None:
        statuses.append(assign(graph, person, POWER_APPS).status_code)
        connection.close()

    threads = [threading.Thread(target=claim, args=(person,)) for person in people[:10]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 3 + [400] * 7
    assert consumed(graph, POWER_APPS) == 3
    holders = CloudObject.objects.filter(
        cloud_tenant=cloud, kind=Kind.USER, body__assignedLicenses__0__skuId=POWER_APPS
    )
    assert holders.count() == 3
