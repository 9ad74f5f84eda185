"""The pretend Graph answers as the real one: shapes, pages, filters, refusals."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest
from django.test import Client
from django.utils import timezone

from sandbox.cloud import seed, tokens
from sandbox.cloud.graph import changes
from sandbox.models import CloudConsent, CloudObject, CloudRegistration, CloudTenant, Fault, Kind
from tests.cloud.conftest import GRAPH, SECRETS

pytestmark = pytest.mark.django_db
TEXT, WHOLE, BOOL, LIST, OBJECT, NONE = str, int, bool, list, dict, type(None)

SHAPES = {
    "organization": {"id": TEXT, "displayName": TEXT, "verifiedDomains": LIST},
    "users": {
        "id": TEXT, "displayName": TEXT, "givenName": TEXT, "surname": TEXT, "mail": TEXT,
        "userPrincipalName": TEXT, "businessPhones": LIST, "mobilePhone": (TEXT, NONE),
    },
    "users?$select=accountEnabled,userType,usageLocation,department,assignedLicenses,"
    "assignedPlans,licenseAssignmentStates": {
        "id": TEXT, "accountEnabled": BOOL, "userType": TEXT, "usageLocation": (TEXT, NONE),
        "department": TEXT, "assignedLicenses": LIST, "assignedPlans": LIST,
        "licenseAssignmentStates": LIST,
    },
    "groups": {
        "id": TEXT, "displayName": TEXT, "groupTypes": LIST, "securityEnabled": BOOL,
        "mailEnabled": BOOL, "membershipRule": (TEXT, NONE),
        "membershipRuleProcessingState": (TEXT, NONE),
    },
    "devices": {
        "id": TEXT, "deviceId": TEXT, "displayName": TEXT, "operatingSystem": TEXT,
        "operatingSystemVersion": TEXT, "mdmAppId": TEXT, "trustType": TEXT, "isRooted": BOOL,
        "accountEnabled": BOOL, "profileType": TEXT, "physicalIds": LIST,
    },
    "deviceManagement/managedDevices": {
        "id": TEXT, "userId": TEXT, "deviceName": TEXT, "managedDeviceName": TEXT,
        "managedDeviceOwnerType": TEXT, "managementState": TEXT, "enrolledDateTime": TEXT,
        "lastSyncDateTime": TEXT, "operatingSystem": TEXT, "osVersion": TEXT, "deviceType": TEXT,
        "complianceState": TEXT, "managementAgent": TEXT, "deviceEnrollmentType": TEXT,
        "deviceCategoryDisplayName": TEXT, "isSupervised": BOOL, "jailBroken": TEXT,
        "emailAddress": TEXT, "userPrincipalName": TEXT, "userDisplayName": TEXT, "model": TEXT,
        "manufacturer": TEXT, "serialNumber": TEXT, "imei": TEXT, "meid": TEXT, "iccid": TEXT,
        "udid": (TEXT, NONE), "phoneNumber": TEXT, "subscriberCarrier": TEXT,
        "androidSecurityPatchLevel": TEXT, "azureADDeviceId": TEXT, "notes": (TEXT, NONE),
        "deviceActionResults": LIST,
    },
    "deviceManagement/deviceCategories": {"id": TEXT, "displayName": TEXT, "description": TEXT},
    "deviceAppManagement/mobileApps": {
        "id": TEXT, "displayName": TEXT, "publisher": TEXT, "publishingState": TEXT,
        "isFeatured": BOOL, "createdDateTime": TEXT, "appStoreUrl": TEXT,
    },
    "subscribedSkus": {
        "id": TEXT, "accountId": TEXT, "accountName": TEXT, "appliesTo": TEXT,
        "capabilityStatus": TEXT, "consumedUnits": WHOLE, "prepaidUnits": OBJECT,
        "servicePlans": LIST, "skuId": TEXT, "skuPartNumber": TEXT, "subscriptionIds": LIST,
    },
    "auditLogs/signIns": {
        "id": TEXT, "createdDateTime": TEXT, "userId": TEXT, "userPrincipalName": TEXT,
        "userDisplayName": TEXT, "appId": TEXT, "appDisplayName": TEXT, "resourceId": TEXT,
        "resourceDisplayName": TEXT, "isInteractive": BOOL, "clientAppUsed": TEXT,
        "ipAddress": TEXT, "correlationId": TEXT, "conditionalAccessStatus": TEXT,
        "status": OBJECT, "deviceDetail": OBJECT, "location": OBJECT,
    },
}  # fmt: skip
ENUMS = {
    "managedDeviceOwnerType": {"unknown", "company", "personal"},
    "managementState": {"managed", "retirePending", "wipePending", "discovered"},
    "deviceType": {"iPhone", "iPad", "android", "androidForWork", "androidEnterprise"},
    "complianceState": {"unknown", "compliant", "noncompliant", "conflict", "error"},
    "publishingState": {"notPublished", "processing", "published"},
    "capabilityStatus": {"Enabled", "Warning", "Suspended", "Deleted", "LockedOut"},
    "userType": {"Member", "Guest"},
    "membershipRuleProcessingState": {"On", "Paused", None},
}


@pytest.mark.parametrize("path", list(SHAPES))
def test_objects_have_the_properties_and_types_of_the_real_ones(graph, path):
    answer = graph("GET", path)
    assert answer.status_code == 200
    body = answer.json()
    assert body["@odata.context"].startswith("http://testserver/sandbox/graph/v1.0/$metadata#")
    assert body["value"]
    for item in body["value"]:
        for name, kind in SHAPES[path].items():
            assert isinstance(item[name], kind), (name, item[name])
            assert name not in ENUMS or item[name] in ENUMS[name], (name, item[name])


def test_configurations_and_assignments_need_the_other_application(graph, token_for):
    assert graph("GET", "deviceManagement/deviceConfigurations").status_code == 403
    bearer = token_for("mdm_profiles")
    found = graph("GET", "deviceManagement/deviceConfigurations", bearer=bearer).json()["value"]
    types = {item["@odata.type"] for item in found}
    assert types == {
        "#microsoft.graph.iosGeneralDeviceConfiguration",
        "#microsoft.graph.androidGeneralDeviceConfiguration",
    }
    address = f"deviceManagement/deviceConfigurations/{found[0]['id']}/assignments"
    target = graph("GET", address, bearer=bearer).json()["value"][0]["target"]
    assert target["@odata.type"] == "#microsoft.graph.groupAssignmentTarget"
    assert graph("GET", f"groups/{target['groupId']}", bearer=bearer).status_code == 200


def test_pages_go_on_until_everything_was_answered_once(graph):
    seen, link, pages = [], "users?$top=7&$select=id", 0
    while link:
        body = graph("GET", link).json()
        assert len(body["value"]) <= 7
        seen += [item["id"] for item in body["value"]]
        link, pages = body.get("@odata.nextLink"), pages + 1
    assert len(seen) == len(set(seen)) == 36
    assert pages == 6


def test_sign_ins_are_filtered_and_come_newest_first(graph):
    everything = graph("GET", "auditLogs/signIns").json()["value"]
    times = [item["createdDateTime"] for item in everything]
    assert times == sorted(times, reverse=True)
    middle = times[len(times) // 2]
    app = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"
    wanted = f"createdDateTime ge {middle} and appId eq '{app}' and status/errorCode eq 0"
    found = graph("GET", f"auditLogs/signIns?$filter={wanted}").json()["value"]
    expected = [
        item["id"]
        for item in everything
        if item["createdDateTime"] >= middle and item["appId"] == app
        and item["status"]["errorCode"] == 0
    ]  # fmt: skip
    assert expected
    assert [item["id"] for item in found] == expected
    seen, link = [], f"auditLogs/signIns?$top=40&$filter=createdDateTime ge {middle}"
    while link:
        body = graph("GET", link).json()
        seen += [item["id"] for item in body["value"]]
        link = body.get("@odata.nextLink")
    assert seen == [item["id"] for item in everything if item["createdDateTime"] >= middle]
    rising = graph("GET", "auditLogs/signIns?$orderby=createdDateTime asc").json()["value"]
    assert [item["createdDateTime"] for item in rising] == sorted(times)


@pytest.mark.parametrize(
    "query",
    [
        "$filter=hidden eq 'x'",
        "$filter=appId",
        "$filter=appId eq",
        "$filter=appId eq 'x' and",
        "$filter=(appId eq 'x'",
        "$filter=createdDateTime ge 2026",
        "$filter=createdDateTime ge 2026-01-01T00:00:00",
        "$filter=" + "(" * 50,
        "$filter=appId has 'x'",
        "$filter='",
        "$top=0",
        "$top=1001",
        "$top=many",
        "$orderby=userId",
        "$skiptoken=stolen",
        "$select=noSuchThing",
    ],
)
def test_queries_that_cannot_be_read_are_400_in_graphs_shape(graph, query):
    answer = graph("GET", f"auditLogs/signIns?{query}")
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["code"] and error["message"]
    assert error["innerError"]["request-id"] == answer["request-id"]


def test_products_take_no_query_options(graph):
    assert graph("GET", "subscribedSkus?$top=1").status_code == 400


@pytest.mark.parametrize(
    "path", ["users/nobody", "groups/%00", "deviceManagement/managedDevices/x"]
)
def test_what_is_not_there_is_404(graph, path):
    answer = graph("GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "Request_ResourceNotFound"


def test_delta_tells_what_is_new_and_gone_since_the_last_token(graph, cloud):
    def all_of(link):
        seen = []
        while True:
            body = graph("GET", link).json()
            seen += body["value"]
            if "@odata.deltaLink" in body:
                return seen, body["@odata.deltaLink"]
            link = body["@odata.nextLink"]

    first, link = all_of("users/delta?$select=displayName,department")
    assert len(first) == 36
    assert set(first[0]) == {"id", "displayName", "department"}
    assert all_of(link)[0] == []
    people = list(CloudObject.objects.filter(cloud_tenant=cloud, kind=Kind.USER).order_by("pk"))
    people[0].body["department"] = "Moved"
    changes.save(people[0])
    changes.remove(people[1])
    second, link = all_of(link)
    assert [(item["id"], item.get("department"), item.get("@removed")) for item in second] == [
        (people[0].object_id, "Moved", None),
        (people[1].object_id, None, {"reason": "deleted"}),
    ]
    assert len(all_of("users/delta")[0]) == 35
    latest = graph("GET", "users/delta?$deltatoken=latest").json()
    assert latest["value"] == []
    CloudTenant.objects.filter(pk=cloud.pk).update(delta_floor=10**6)
    forgotten = graph("GET", link)
    assert forgotten.status_code == 410
    assert forgotten.json()["error"]["code"] == "syncStateNotFound"
    assert graph("GET", "users/delta?$top=5").status_code == 400


def test_the_partner_record_is_made_changed_and_removed(graph):
    address = "deviceManagement/telecomExpenseManagementPartners"
    assert graph("GET", address).json()["value"] == []
    made = graph("POST", address, {"displayName": "TEM portal", "url": "https://tem.example/"})
    assert made.status_code == 201
    record = made.json()
    assert {k: type(v) for k, v in record.items() if k != "@odata.context"} == {
        "id": str, "displayName": str, "url": str, "appAuthorized": bool, "enabled": bool,
        "lastConnectionDateTime": NONE,
    }  # fmt: skip
    one = f"{address}/{record['id']}"
    changed = graph("PATCH", one, {"appAuthorized": True, "enabled": True})
    assert changed.status_code == 200
    assert changed.json()["enabled"] is True
    assert graph("PATCH", one, {"enabled": "yes"}).status_code == 400
    assert graph("PATCH", one, {"quota": 1}).status_code == 400
    assert graph("PATCH", one, {"url": "\ud800"}).status_code == 400
    assert graph("PATCH", one, {"url": "\x00"}).status_code == 400
    assert graph("DELETE", one).status_code == 204
    assert graph("GET", one).status_code == 404


def test_a_device_is_put_into_a_group_with_the_right_on_devices_only(graph, token_for):
    bearer = token_for("mdm_profiles")
    registration = CloudRegistration.objects.get(pk=SECRETS["mdm_profiles"][0])
    roles = [role for role in registration.roles if role != "Device.ReadWrite.All"]
    poorer = tokens.application_token(
        tenant=CloudTenant.objects.get(pk=seed.CONTOSO.id),
        registration=registration,
        roles=roles,
        now=timezone.now(),
    )
    device = graph("GET", "devices").json()["value"][0]
    groups = graph("GET", "groups").json()["value"]
    ref = next(f"groups/{g['id']}/members/$ref" for g in groups if not g["groupTypes"])
    link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{device['id']}"}
    assert graph("POST", ref, link, bearer=poorer).status_code == 403
    assert graph("POST", ref, link, bearer=bearer).status_code == 204
    inside = graph("GET", f"devices/{device['id']}/memberOf").json()["value"]
    assert [f"groups/{group['id']}/members/$ref" for group in inside] == [ref]


def test_people_and_devices_are_put_into_groups_and_taken_out(graph, token_for):
    bearer = token_for("mdm_profiles")
    group = next(
        item for item in graph("GET", "groups").json()["value"]
        if item["displayName"] == "No data roaming"
    )  # fmt: skip
    device = graph("GET", "devices").json()["value"][0]
    ref = f"groups/{group['id']}/members/$ref"
    link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{device['id']}"}
    assert graph("POST", ref, link).status_code == 403  # that takes the other application
    assert graph("POST", ref, link, bearer=bearer).status_code == 204
    assert graph("POST", ref, link, bearer=bearer).status_code == 400
    members = graph("GET", f"groups/{group['id']}/members").json()["value"]
    assert [(m["@odata.type"], m["id"]) for m in members] == [
        ("#microsoft.graph.device", device["id"])
    ]
    gone = f"groups/{group['id']}/members/{device['id']}/$ref"
    assert graph("DELETE", gone, bearer=bearer).status_code == 204
    assert graph("DELETE", gone, bearer=bearer).status_code == 404


def test_batches_answer_each_request_by_its_id(graph):
    user = graph("GET", "users?$top=1").json()["value"][0]["id"]
    answer = graph(
        "POST",
        "$batch",
        {
            "requests": [
                {"id": "1", "method": "GET", "url": f"/users/{user}?$select=id"},
                {"id": "2", "method": "GET", "url": "/users/nobody"},
                {"id": "3", "method": "GET", "url": "/organization", "dependsOn": ["2"]},
                {"id": "4", "method": "GET", "url": "/organization", "dependsOn": ["1"]},
            ]
        },
    )
    assert answer.status_code == 200
    statuses = {item["id"]: item["status"] for item in answer.json()["responses"]}
    assert statuses == {"1": 200, "2": 404, "3": 424, "4": 200}
    many = [{"id": str(n), "method": "GET", "url": "/organization"} for n in range(21)]
    assert graph("POST", "$batch", {"requests": many}).status_code == 400
    nested = [{"id": "1", "method": "POST", "url": "/$batch"}]
    assert graph("POST", "$batch", {"requests": nested}).status_code == 400
    assert graph("POST", "$batch", [1]).status_code == 400


def test_calls_as_microsofts_own_client_writes_them(graph):
    """Seen from msgraph-sdk 1.12: functions with brackets, and whole addresses inside a batch."""
    assert graph("GET", "users/delta()").json()["@odata.deltaLink"]
    assert graph("GET", "groups/delta()").status_code == 200
    own = "http://testserver/sandbox/graph/v1.0/organization"
    for url, status in ((own, 200), (own.replace("testserver", "elsewhere"), 400)):
        one = [{"id": "1", "method": "GET", "url": url}]
        answer = graph("POST", "$batch", {"requests": one})
        assert answer.status_code == status
        assert status == 400 or answer.json()["responses"][0]["status"] == 200


def test_the_numbers_of_a_sim_are_told_by_id_and_only_where_they_are_asked_for(graph):
    base = "deviceManagement/managedDevices"
    for row in graph("GET", f"{base}?$select=id,iccid,udid,imei").json()["value"]:
        assert (row["iccid"], row["udid"]) == ("", "")
        assert row["imei"]
    assert graph("GET", f"{base}/{row['id']}").json()["iccid"] == ""
    asked = graph("GET", f"{base}/{row['id']}?$select=id,iccid").json()
    assert asked["iccid"].isdigit()
    for beta in ("deviceType", "managementState"):  # v1.0 does not have them
        assert graph("GET", f"{base}?$select=id,{beta}").status_code == 400


# --- bearer tokens ----------------------------------------------------------------------------


def forged(cloud: CloudTenant, **claims) -> str:
    registration = CloudRegistration.objects.get(pk=SECRETS["connection"][0])
    now = claims.pop("now", timezone.now())
    token = tokens.application_token(
        tenant=cloud, registration=registration, roles=["User.Read.All"], now=now
    )
    changed = {**jwt.decode(token, options={"verify_signature": False}), **claims}
    return tokens.signed({k: v for k, v in changed.items() if v is not None})


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://example.com"},
        {"iss": "https://login.sandbox.invalid/other/v2.0"},
        {"tid": "fab21ca0-0000-4000-8000-000000000002"},
        {"exp": None},
        {"exp": 1_000_000_000},
        {"nbf": 4_000_000_000},
    ],
)
def test_a_token_with_one_wrong_claim_is_refused(graph, cloud, claims):
    assert graph("GET", "users", bearer=forged(cloud)).status_code == 200
    answer = graph("GET", "users", bearer=forged(cloud, **claims))
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_a_token_that_others_signed_is_refused(graph, cloud):
    good = forged(cloud)
    head, body, signature = good.split(".")
    for bearer in (
        "",
        "nonsense",
        f"{head}.{body}.{signature[:-6]}AAAAAA",
        jwt.encode({"aud": tokens.GRAPH}, "a secret that is long enough for HS256", "HS256",
                   headers={"kid": "test-key"}),
        jwt.encode({"aud": tokens.GRAPH}, None, "none", headers={"kid": "test-key"}),
    ):  # fmt: skip
        assert graph("GET", "users", bearer=bearer).status_code == 401
    assert Client().get(GRAPH + "users").status_code == 401


def test_a_token_outlives_neither_its_hour_nor_the_consent(graph, cloud):
    old = forged(cloud, now=timezone.now() - timedelta(hours=1, seconds=1))
    assert graph("GET", "users", bearer=old).status_code == 401
    CloudConsent.objects.all().delete()
    assert graph("GET", "users").status_code == 403


def test_a_permission_that_was_not_granted_is_403(graph, cloud):
    answer = graph("GET", "subscribedSkus", bearer=forged(cloud))
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "Authorization_RequestDenied"


# --- faults -----------------------------------------------------------------------------------


def set_fault(cloud: CloudTenant, fault: Fault, answers: int | None = None) -> None:
    CloudTenant.objects.filter(pk=cloud.pk).update(fault=fault, faults_left=answers)


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        (Fault.THROTTLED, "2"),
        (Fault.THROTTLED_FRACTION, "0.25"),
        (Fault.THROTTLED_SILENT, None),
        (Fault.THROTTLED_ABSURD, "864000"),
    ],
)
def test_throttling_says_when_to_come_back_or_does_not(graph, cloud, fault, after):
    set_fault(cloud, fault, 2)
    for _turn in range(2):
        answer = graph("GET", "users")
        assert answer.status_code == 429
        assert answer.json()["error"]["code"] == "TooManyRequests"
        assert answer.get("Retry-After") == after
    assert graph("GET", "users").status_code == 200


def test_a_fault_lasts_until_switched_off_and_strikes_one_organisation(graph, cloud, token_for):
    set_fault(cloud, Fault.FAILING)
    assert [graph("GET", "users").status_code for _n in range(4)] == [503] * 4
    fabrikam = CloudTenant.objects.get(pk=seed.FABRIKAM.id)
    assert graph("GET", "users", bearer=token_for(tenant=fabrikam)).status_code == 200
    set_fault(cloud, Fault.GARBAGE)
    with pytest.raises(ValueError):
        graph("GET", "users").json()
    set_fault(cloud, Fault.FOREIGN_LINK)
    link = graph("GET", "users").json()["@odata.nextLink"]
    assert not link.startswith("http://testserver")
    set_fault(cloud, Fault.EXPIRED_CONSENT)
    assert graph("GET", "users").status_code == 403
    set_fault(cloud, Fault.NONE)
    assert graph("GET", "users").status_code == 200


def test_an_application_that_asks_too_much_is_throttled_for_real(graph, cloud, monkeypatch):
    monkeypatch.setattr("sandbox.cloud.graph.answering.UNITS", 6)
    statuses = [graph("GET", "organization").status_code for _n in range(8)]
    assert statuses[:3] == [200] * 3
    assert 429 in statuses[3:]
