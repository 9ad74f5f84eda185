"""licensing.graph_cloud against the pretend cloud: a claim from the sign-in log to the licence."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.models import Connector
from licensing import ports
from licensing.actions import policies
from licensing.actions.switch import set_switch
from licensing.drafts import Draft, DraftProduct
from licensing.graph_bodies import BadBody, account_of, sign_in_of
from licensing.graph_cloud import GraphCloud
from licensing.models import Account, App, Claim, Product, Reading, SignIn
from licensing.ports import (
    CloudBusy,
    CloudDown,
    CloudError,
    CloudForbidden,
    CloudGone,
    CloudRefused,
    CloudUncertain,
)
from licensing.workers import assign, judge, readings
from sandbox.cloud import bodies, products, seed
from sandbox.models import CloudObject, CloudTenant, Fault, Kind

SKU = products.PRODUCTS["O365_BUSINESS_ESSENTIALS"].sku_id


@pytest.fixture
def adapter(client_of_graph, monkeypatch):
    monkeypatch.setattr("jobs.nudges._send", lambda task: None)
    adapter = GraphCloud(client_of_graph())
    monkeypatch.setattr(ports, "_factories", [lambda tenant_id: adapter])
    return adapter


def people():
    return CloudObject.objects.filter(
        cloud_tenant=seed.CONTOSO.id, kind=Kind.USER, hidden={}
    ).order_by("object_id")


def usual():
    """Enabled members with a usage location."""
    return [
        row
        for row in people()
        if row.body["accountEnabled"] and row.body["usageLocation"]
        and row.body["userType"] == "Member"
    ]  # fmt: skip


def break_it(fault, left=None):
    CloudTenant.objects.filter(pk=seed.CONTOSO.id).update(fault=fault, faults_left=left)


def test_a_sign_in_is_read_judged_and_becomes_a_licence_there(adapter, connected, cloud, alice):
    CloudObject.objects.filter(kind=Kind.SIGN_IN).delete()
    who = usual()[:7]
    now = timezone.now()
    with tenant_scope(connected.pk):
        assert readings.read(what="products", cloud=adapter, now=now)
        assert Product.objects.count() == len(seed.CONTOSO.seats)
        set_switch(on=True, by=alice)
        draft = Draft(
            name="Teams",
            app=App.objects.get(name="Microsoft Teams").pk,
            products=(DraftProduct(Product.objects.get(sku_id=SKU).pk, ("SWAY",)),),
        )
        policies.add(draft=draft, now=now, by=alice)
        seed.add_sign_ins(
            cloud,
            [
                bodies.sign_in_body(
                    key=seed.user_id(cloud.pk, f"sign-in {number}"),
                    at=now - timedelta(minutes=200 - number * 30),
                    user=user.body,
                    app=products.TEAMS_WEB if number % 2 else products.TEAMS_DESKTOP,
                )
                for number, user in enumerate(who)
            ],
        )
        assert readings.read(what="sign_ins", cloud=adapter, now=now)
        while judge.judge_batch(now=now) + assign.assign_batch(now=timezone.now()):
            pass
        order = list(Claim.objects.order_by("signed_in_at").values_list("state", flat=True))
        assert order == ["assigned"] * 5 + ["waiting"] * 2, "the five seats in order of sign-in"
        holders = people().filter(body__assignedLicenses__contains=[{"skuId": SKU}])
        assert {row.object_id for row in holders} == {row.object_id for row in who[:5]}
        off = holders[0].body["assignedLicenses"][0]["disabledPlans"]
        assert off == [products.PLANS["SWAY"]]
        later = now + timedelta(minutes=10)
        assert readings.read(what="sign_ins", cloud=adapter, now=later)
        assert SignIn.objects.count() == 7, "the overlap is read again and nothing is doubled"
        readings.read(what="holders", cloud=adapter, now=timezone.now())
        assert Account.objects.get(entra_id=who[0].object_id).licences == [
            {"sku": SKU, "off": off, "inherited": False}
        ]


def test_accounts_come_with_their_groups_and_who_is_gone_is_left_out(adapter):
    there = [row.object_id for row in people()[:25]]
    gone = "00000000-0000-4000-8000-000000000000"
    found = {one.entra_id: one for one in adapter.accounts([*there, gone])}
    assert set(found) == set(there)
    names = dict(adapter.groups())
    assert any(names[key] == "Mobile staff" for one in found.values() for key in one.groups)
    guest = next(row for row in people() if row.body["userType"] == "Guest")
    assert not next(iter(adapter.accounts([guest.object_id]))).is_member


def test_who_is_in_a_group_of_a_group_is_in_both_also_in_a_circle(adapter, cloud):
    user = usual()[0]
    inner, middle, outer, other = (str(uuid.uuid4()) for _group in range(4))
    for key, members in (
        (inner, [user.object_id, outer]), (middle, [inner]), (outer, [middle]), (other, []),
    ):  # fmt: skip
        body = bodies.group_body(key=key, name=key, description="Nested")
        CloudObject.objects.create(
            cloud_tenant=cloud, kind=Kind.GROUP, object_id=key, body=body,
            hidden={"members": members},
        )  # fmt: skip
    (found,) = adapter.accounts([user.object_id])
    assert {inner, middle, outer} <= set(found.groups) and other not in found.groups


def test_a_usage_location_is_set_once_asked_for(adapter):
    user = next(row for row in people() if row.body["usageLocation"] is None)
    with pytest.raises(CloudRefused):
        adapter.assign(user.object_id, add=[(SKU, [])], remove=[])
    adapter.set_usage_location(user.object_id, "NL")
    adapter.assign(user.object_id, add=[(SKU, [])], remove=[])
    user.refresh_from_db()
    assert user.body["usageLocation"] == "NL" and user.body["assignedLicenses"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.THROTTLED_ABSURD, CloudBusy),
        (Fault.FAILING, CloudDown),
        (Fault.EXPIRED_CONSENT, CloudForbidden),
        (Fault.EXPIRED_SECRET, CloudForbidden),
        (Fault.GARBAGE, CloudError),
        (Fault.FOREIGN_LINK, CloudError),
    ],
    ids=["throttled", "failing", "no consent", "old secret", "garbage", "foreign link"],
)
def test_a_fault_is_told_in_the_words_of_the_port_and_kept_on_the_reading(
    adapter, connected, fault, error
):
    break_it(fault)
    with pytest.raises(error):
        adapter.products()
    with tenant_scope(connected.pk):
        assert not readings.read(what="sign_ins", cloud=adapter, now=timezone.now())
        row = Reading.objects.get(what="sign_ins")
        assert row.error == error.reason and row.sentence and row.succeeded_at is None
        break_it(Fault.NONE)


def test_nonsense_after_an_assignment_is_uncertain_and_a_stranger_is_gone(adapter):
    user = usual()[0].object_id
    break_it(Fault.GARBAGE)
    with pytest.raises(CloudUncertain):
        adapter.assign(user, add=[(SKU, [])], remove=[])
    break_it(Fault.NONE)
    with pytest.raises(CloudGone):
        adapter.assign("00000000-0000-4000-8000-000000000000", add=[(SKU, [])], remove=[])
    with pytest.raises(CloudRefused):
        adapter.assign(user, add=[], remove=[products.PRODUCTS["SPE_E5"].sku_id])


def test_one_poisoned_sign_in_does_not_keep_the_others_out(adapter):
    now = timezone.now()
    whole = sum(len(page) for page in adapter.sign_ins(since=now - timedelta(days=2)))
    row = CloudObject.objects.filter(
        cloud_tenant=seed.CONTOSO.id, kind=Kind.SIGN_IN, at__gt=now - timedelta(days=2),
        body__isInteractive=True, body__status__errorCode=0,
    ).first()  # fmt: skip
    row.body["userId"] = "nobody"
    row.save()
    pages = list(adapter.sign_ins(since=now - timedelta(days=2)))
    assert sum(map(len, pages)) == whole - 1 > 0
    times = [one.at for page in pages for one in page]
    assert times == sorted(times)


def test_it_is_reached_through_the_connection_and_not_at_all_without_one(connected, inside, alice):
    with tenant_scope(connected.pk):
        assert ports.cloud_of(connected.pk) is None
        Connector.objects.update_or_create(
            provider="built_in",
            defaults={"display_name": "TEM", "app_authorized": True,
                      "directory_id": seed.CONTOSO.id, "state": "active"},
        )  # fmt: skip
        assert len(ports.cloud_of(connected.pk).products()) == len(seed.CONTOSO.seats)


@pytest.mark.parametrize("missing", ["id", "status", "createdDateTime", "userId", "appId"])
def test_a_sign_in_without_what_is_needed_says_what_is_missing(missing):
    body = bodies.sign_in_body(
        key=seed.user_id(seed.CONTOSO.id, "x"), at=timezone.now(), app=products.TEAMS_WEB,
        user={"id": str(seed.CONTOSO.id), "userPrincipalName": "x", "displayName": "X"},
    )  # fmt: skip
    assert sign_in_of(body) is not None
    del body[missing]
    with pytest.raises(BadBody, match=missing):
        sign_in_of(body)


def test_a_licence_by_group_is_inherited_unless_it_is_also_direct():
    sku = SKU
    body = {
        "id": str(seed.CONTOSO.id), "userPrincipalName": "kim@x.example", "displayName": None,
        "accountEnabled": True, "userType": None, "usageLocation": None,
        "assignedLicenses": [{"skuId": sku.upper(), "disabledPlans": []}],
        "licenseAssignmentStates": [{"skuId": sku, "assignedByGroup": "g"}],
    }  # fmt: skip
    assert account_of(body).licences[0] == {"sku": sku, "off": [], "inherited": True}
    body["licenseAssignmentStates"].append({"skuId": sku, "assignedByGroup": None})
    assert account_of(body).licences[0]["inherited"] is False
    assert account_of(body).name == "kim@x.example" and account_of(body).is_member
    with pytest.raises(BadBody):
        account_of({**body, "id": "x"})
