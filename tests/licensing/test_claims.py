"""From the sign-in to the licence: what people get, what they do not, and what Microsoft does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.tenancy import tenant_scope
from licensing.actions import policies
from licensing.actions.switch import set_switch
from licensing.models import Claim, ClaimState, Product, Reading, SignIn
from licensing.ports import (
    CloudBusy,
    CloudDown,
    CloudForbidden,
    CloudRefused,
    CloudUncertain,
    SignInFacts,
)
from licensing.workers import assign, readings
from tests.licensing.cloud import TEAMS_WEB, guid

pytestmark = pytest.mark.django_db
E3, SPB = "Microsoft 365 E3", "Microsoft 365 Business Premium"


def test_the_first_sign_in_gives_a_licence_with_the_chosen_services(office):
    policy = office.policy("SPE_E3")
    with tenant_scope(office.tenant.pk):
        draft = policies.draft_of(policy)
        key = draft.keys[0]
        policies.edit(
            policy=policy, draft=draft.with_off(key, {"SWAY"}), now=timezone.now(), by=office.by
        )
    kim = office.cloud.employ("kim")
    office.sign_in("kim", app_id=TEAMS_WEB)
    office.settle()
    assert office.results() == {"kim": ("assigned", E3)}
    (off,) = office.cloud.users[str(kim)]["licences"].values()
    assert off == [str(guid("SWAY"))]


def test_every_reason_for_nothing_is_on_the_ledger(office):
    sku = str(guid("SPE_E3"))
    office.policy("SPE_E3", excluded=("g-temps",))
    office.cloud.employ("guest", is_member=False)
    office.cloud.employ("gone", enabled=False)
    office.cloud.employ("nowhere", usage_location="")
    office.cloud.employ("temp", groups=("g-temps",))
    office.cloud.employ("has", licences={sku: []})
    office.cloud.employ("off", licences={sku: [str(guid("TEAMS1"))]})
    office.sign_in("guest", "gone", "nowhere", "temp", "has", "off", "stranger")
    office.settle()
    assert {name: reason for name, (_state, reason) in office.results().items()} == {
        "guest": "claim_guest",
        "gone": "claim_account_disabled",
        "nowhere": "claim_no_usage_location",
        "temp": "claim_excluded",
        "has": "claim_already_licensed",
        "off": "claim_switched_off",
        "stranger": "claim_account_gone",
    }
    assert office.cloud.calls == []


def test_the_same_answer_again_is_counted_and_not_listed_again(office):
    office.policy("SPE_E3")
    office.cloud.employ("guest", is_member=False)
    for _day in range(3):
        office.sign_in("guest")
        office.settle()
    (row,) = office.claims()
    assert (row.state, row.repeats) == ("nothing", 2)


def test_two_sign_ins_of_one_person_in_one_batch_take_one_seat(office):
    office.policy("SPE_E3")
    office.cloud.employ("kim")
    office.sign_in("kim", "kim", "kim")
    office.settle()
    assert [row.state for row in office.claims()].count("assigned") == 1
    assert office.cloud.skus[str(guid("SPE_E3"))]["consumedUnits"] == 1


def test_the_same_sign_in_reported_twice_is_one(office):
    office.policy("SPE_E3")
    office.cloud.employ("kim")
    row = SignInFacts("same", timezone.now(), str(guid("user kim")), "kim@x.example", TEAMS_WEB)
    office.cloud.log = [row]
    with tenant_scope(office.tenant.pk):
        began = timezone.now()
        for minutes in (0, 2):
            now = began + timedelta(minutes=minutes)
            assert readings.read(what="sign_ins", cloud=office.cloud, now=now)
        assert SignIn.objects.count() == Claim.objects.count() == 1
        _first, second = office.cloud.asked
        assert second == began - readings.OVERLAP
        reading = Reading.objects.get(what="sign_ins")
        assert reading.succeeded_at and reading.through == now
        office.cloud.reading_faults = [CloudForbidden()]
        readings.read(what="sign_ins", cloud=office.cloud, now=timezone.now() + timedelta(hours=1))
        reading.refresh_from_db()
        assert reading.error == "cloud_forbidden" and reading.through == now


def test_with_the_feature_or_the_policy_off_nothing_is_claimed_then_or_later(office):
    policy = office.policy("SPE_E3")
    office.cloud.employ("kim")
    with tenant_scope(office.tenant.pk):
        set_switch(on=False, by=office.by)
    office.sign_in("kim")
    with tenant_scope(office.tenant.pk):
        set_switch(on=True, by=office.by)
        draft = policies.draft_of(policy)
        off = type(draft)(**{**draft.__dict__, "enabled": False})
        policies.edit(policy=policy, draft=off, now=timezone.now(), by=office.by)
    office.sign_in("kim")
    office.settle()
    assert office.claims() == []
    with tenant_scope(office.tenant.pk):
        assert SignIn.objects.count() == 2


def test_holders_keep_what_they_have_whatever_is_turned_off_or_deleted(office):
    policy = office.policy("SPE_E3", "SPB")
    office.cloud.employ("kim")
    office.sign_in("kim")
    office.settle()
    with tenant_scope(office.tenant.pk):
        draft = policies.draft_of(policy)
        fewer = draft.with_products(draft.keys[1:])
        policies.edit(policy=policy, draft=fewer, now=timezone.now(), by=office.by)
        set_switch(on=False, by=office.by)
        policies.delete(policy=policy, now=timezone.now(), by=office.by)
    office.settle(later=timedelta(hours=1))
    (row,) = office.claims()
    assert (row.state, row.policy_name, row.product_name) == ("assigned", "Teams for all", E3)
    assert len(office.cloud.holders(str(guid("SPE_E3")))) == 1


def test_who_waits_is_served_in_order_before_who_comes_later(two_products):
    office = two_products(e3=1, spb=0)
    office.policy("SPE_E3", "SPB")
    for name in ("ann", "ben", "cid", "dee"):
        office.cloud.employ(name)
    office.sign_in("ann", "ben", "cid")
    office.settle()
    assert [state for state, _ in office.results().values()] == ["assigned", "waiting", "waiting"]
    office.cloud.skus[str(guid("SPB"))]["prepaidUnits"]["enabled"] = 1
    office.sign_in("dee")
    office.read()
    office.settle()
    assert office.results() == {
        "ann": ("assigned", E3),
        "ben": ("assigned", SPB),
        "cid": ("waiting", "claim_no_seat"),
        "dee": ("waiting", "claim_no_seat"),
    }


def test_a_reserve_stays_free_and_a_daily_cap_holds_until_midnight(office):
    office.policy("SPE_E3", reserve=7, daily_cap=2)
    for name in ("ann", "ben", "cid"):
        office.cloud.employ(name)
    office.sign_in("ann", "ben", "cid")
    office.settle()
    assert office.results()["cid"] == ("waiting", "claim_daily_cap")
    office.settle(later=timedelta(days=1, hours=1))
    assert office.results()["cid"] == ("assigned", E3)
    office.cloud.employ("dee")
    office.sign_in("dee")
    office.settle(later=timedelta(days=1, hours=1))
    assert office.results()["dee"][0] == "waiting"


def test_seats_lowered_below_use_leave_none_and_show_the_overuse(office):
    office.policy("SPE_E3")
    office.cloud.sell("SPE_E3", 3, used=5)
    office.read()
    office.cloud.employ("kim")
    office.sign_in("kim")
    office.settle()
    assert office.results() == {"kim": ("waiting", "claim_no_seat")}
    with tenant_scope(office.tenant.pk):
        assert Product.objects.get(part_number="SPE_E3").overuse == 2


def test_a_licence_taken_away_blocks_a_new_claim_until_that_is_cleared(office):
    office.policy("SPE_E3")
    kim = office.cloud.employ("kim")
    office.sign_in("kim")
    office.settle()
    office.cloud.users[str(kim)]["licences"].clear()
    later = timedelta(hours=1)
    with tenant_scope(office.tenant.pk):
        readings.read(what="holders", cloud=office.cloud, now=timezone.now() + later)
    assert office.results() == {"kim": ("removed", E3)}
    office.sign_in("kim")
    office.settle(later=later)
    assert office.claims()[-1].reason == "claim_taken_away"
    with tenant_scope(office.tenant.pk):
        Claim.objects.filter(state="removed").update(cleared_at=timezone.now())
    office.sign_in("kim")
    office.settle(later=later)
    assert office.claims()[-1].state == "assigned"


# --- what Microsoft does ----------------------------------------------------------------------


def test_a_refusal_means_the_next_product(office):
    office.policy("SPE_E3", "SPB")
    office.cloud.employ("kim")
    office.cloud.faults = [CloudRefused("somebody was quicker")]
    office.sign_in("kim")
    office.settle()
    (row,) = office.claims()
    assert (row.state, row.product_name, row.position) == ("assigned", SPB, 2)
    assert len(row.tried) == 1


def test_refused_of_every_product_has_failed(office):
    office.policy("SPE_E3", "SPB")
    office.cloud.employ("kim")
    office.cloud.faults = [CloudRefused("a"), CloudRefused("b")]
    office.sign_in("kim")
    office.settle()
    (row,) = office.claims()
    assert (row.state, row.reason, row.product) == ("failed", "claim_refused", None)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(CloudBusy(2.128), "cloud_throttled"), (CloudDown(), "cloud_unreachable"),
     (CloudForbidden(), "cloud_forbidden")],
    ids=["throttled", "unreachable", "forbidden"],
)  # fmt: skip
def test_a_fault_takes_time_and_keeps_the_seat(office, fault, reason):
    office.policy("SPE_E3")
    office.cloud.employ("kim")
    office.cloud.faults = [fault]
    office.sign_in("kim")
    office.settle()
    (row,) = office.claims()
    assert (row.state, row.reason, row.leased_until) == ("assigning", reason, None)
    assert row.due_at > timezone.now() + timedelta(seconds=1)
    office.settle(later=timedelta(minutes=1))
    assert office.results() == {"kim": ("assigned", E3)}
    assert office.cloud.skus[str(guid("SPE_E3"))]["consumedUnits"] == 1


@pytest.mark.parametrize("did_it", [True, False])
def test_no_answer_is_unknown_and_looked_at_before_trying_again(office, did_it):
    office.policy("SPE_E3")
    office.cloud.employ("kim")
    (office.cloud.late if did_it else office.cloud.faults).append(CloudUncertain())
    office.sign_in("kim")
    office.settle()
    assert office.claims()[0].state == ClaimState.UNKNOWN
    office.settle(later=timedelta(minutes=1))
    assert office.results() == {"kim": ("assigned", E3)}
    assert len(office.cloud.calls) == 1
    assert office.cloud.skus[str(guid("SPE_E3"))]["consumedUnits"] == 1


class Died(BaseException):
    """As if the process were gone."""


@pytest.mark.parametrize("seam", ["_try", "_record"])
def test_a_worker_that_dies_is_taken_over_after_its_lease(office, monkeypatch, seam):
    office.policy("SPE_E3")
    office.cloud.employ("kim")
    office.sign_in("kim")

    def die(*args):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(assign, seam, die)
        with pytest.raises(Died):
            office.settle()
    office.settle()
    assert office.claims()[0].state == ClaimState.ASSIGNING  # the lease still holds
    office.settle(later=assign.LEASE + timedelta(seconds=1))
    assert office.results() == {"kim": ("assigned", E3)}
    assert len(office.cloud.calls) == 1


def test_the_directory_that_cannot_be_read_leaves_the_claim_waiting_for_it(office):
    office.policy("SPE_E3")
    office.cloud.employ("kim")
    office.cloud.reading_faults = [CloudDown()]
    office.sign_in("kim")
    office.settle()
    assert office.results() == {"kim": ("new", "cloud_unreachable")}
    office.settle(later=timedelta(minutes=1))
    assert office.results() == {"kim": ("assigned", E3)}


# --- the last line ----------------------------------------------------------------------------


@pytest.mark.parametrize("same", ["app", "product"])
def test_the_database_itself_refuses_a_second_seat(office, same):
    office.policy("SPE_E3", "SPB")
    office.cloud.employ("kim")
    office.sign_in("kim")
    office.settle()
    (row,) = office.claims()
    with tenant_scope(office.tenant.pk):
        products = {p.part_number: p for p in Product.objects.all()}
        other_app = type(row.app).objects.exclude(pk=row.app_id).first()
        row.pk, row.sign_in_key, row.state = None, "other", ClaimState.CLAIMED
        if same == "app":
            row.product = products["SPB"]
        else:
            row.app = other_app
        with (
            pytest.raises(IntegrityError, match=f"claim_one_seat_per_{same}"),
            transaction.atomic(),
        ):
            row.save(force_insert=True)


def test_a_sign_in_stands_once_on_the_ledger_of_an_app(office):
    office.policy("SPE_E3")
    office.cloud.employ("kim")
    office.sign_in("kim")
    (row,) = office.claims()
    with tenant_scope(office.tenant.pk):
        row.pk = None
        with pytest.raises(IntegrityError, match="claim_once_per_sign_in"), transaction.atomic():
            row.save(force_insert=True)
