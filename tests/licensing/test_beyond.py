"""Beyond the original: dry run, undo, standing and cost, overlaps, and the alert of low seats."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from alerts.models import Alert
from audit.models import AuditEvent
from common.tenancy import tenant_scope
from jobs.models import Job
from jobs.workers import work_off
from licensing.actions import dry_runs
from licensing.actions.policies import draft_of
from licensing.actions.prices import set_price
from licensing.actions.switch import set_switch
from licensing.models import App, Claim, Product, SignIn
from licensing.queries.pace import overlaps, standings
from licensing.workers import dry_run, low_seats
from tests.licensing.cloud import guid

TAB = "/t/contoso/licenses/auto-claim/"


def dry(office, policy, *, days=90):
    """A dry run of the policy as it is saved, worked off."""
    with tenant_scope(office.tenant.pk):
        job = dry_runs.ask(draft=draft_of(policy), days=days, now=timezone.now(), by=office.by)
    while work_off(now=timezone.now() + timedelta(seconds=1)):
        pass
    with tenant_scope(office.tenant.pk):
        job.refresh_from_db()
    return job


def day_of(office, name):
    """The tenant's day of the person's first sign-in: by the clock of the test it may be over."""
    with tenant_scope(office.tenant.pk):
        first = SignIn.objects.filter(upn__startswith=name).earliest("at")
        return timezone.localdate(first.at, office.tenant.zone).isoformat()


@pytest.fixture
def crowd(two_products):
    """Three seats in two products; five people and a guest have signed in with the feature off."""
    office = two_products(e3=2, spb=1)
    office.policy_row = office.policy("SPE_E3", "SPB")
    with tenant_scope(office.tenant.pk):
        set_switch(on=False, by=office.by)
    for name in ("ann", "ben", "cid", "dee", "eli"):
        office.cloud.employ(name)
    office.cloud.employ("gus", is_member=False)
    office.sign_in("ann", "ann", "ben", "gus", "cid", "dee", "ann", "eli")
    return office


def test_a_dry_run_says_who_gets_what_and_when_the_seats_run_out_and_gives_nothing(crowd):
    job = dry(crowd, crowd.policy_row)
    assert (job.state, job.error) == ("done", "")
    result = job.result
    assert (result["sign_ins"], result["people"], result["given"]) == (8, 6, 3)
    assert result["reasons"] == {"claim_guest": 1, "claim_no_seat": 2}
    counts = {row["name"]: (row["count"], row["out_on"]) for row in result["products"]}
    assert counts == {
        "Microsoft 365 E3": (2, day_of(crowd, "ben")),
        "Microsoft 365 Business Premium": (1, day_of(crowd, "cid")),
    }
    assert result["out_on"] == day_of(crowd, "dee")
    assert [row[2].split("@")[0] for row in result["shown"]] == [
        "ann", "ben", "gus", "cid", "dee", "eli",
    ]  # fmt: skip
    with tenant_scope(crowd.tenant.pk):
        assert not Claim.objects.exists() and not crowd.cloud.calls


def test_a_dry_run_goes_on_where_a_worker_died_and_comes_to_the_same(crowd, monkeypatch):
    whole = dry(crowd, crowd.policy_row).result
    monkeypatch.setattr(dry_run, "PAGE", 3)
    monkeypatch.setattr("jobs.runs.SLICE", -1.0)  # every page is a run of its own
    pieces = dry(crowd, crowd.policy_row, days=30)
    assert pieces.result == whole and pieces.done == 8


def test_a_daily_cap_and_a_reserve_hold_on_paper_too(crowd):
    policy = crowd.policy_row
    with tenant_scope(crowd.tenant.pk):
        policy.daily_cap = 1
        policy.save()
    assert dry(crowd, policy).result["reasons"]["claim_daily_cap"] == 4
    with tenant_scope(crowd.tenant.pk):
        policy.daily_cap, policy.reserve = None, 1
        policy.save()
    assert dry(crowd, policy, days=30).result["given"] == 1


FILL = """
INSERT INTO licensing_signin (tenant_id, key, app_id, entra_id, upn, at, source, received_at)
SELECT %(tenant)s, 'fill-' || n, %(app)s, (%(people)s::uuid[])[1 + n %% 50], 'p@x.example',
       %(now)s - make_interval(secs => n), 'poll', %(now)s
FROM generate_series(1, %(count)s) AS n
"""


def fill(office, count):
    with tenant_scope(office.tenant.pk), connection.cursor() as cursor:
        SignIn.objects.all().delete()
        app = App.objects.get(name="Microsoft Teams").pk
        people = [office.cloud.employ(f"p{number}") for number in range(50)]
        cursor.execute(
            FILL,
            {"tenant": office.tenant.pk, "app": app, "people": people, "now": timezone.now(),
             "count": count},
        )  # fmt: skip


def test_ten_times_the_sign_ins_take_no_more_memory(crowd, monkeypatch):
    monkeypatch.setattr(dry_run, "PAGE", 1_000)
    peaks = []
    for count, days in ((3_000, 90), (30_000, 30)):
        fill(crowd, count)
        tracemalloc.start()
        job = dry(crowd, crowd.policy_row, days=days)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert job.result["sign_ins"] == count and job.result["people"] == 50
        assert job.total == job.done == count
    assert peaks[1] < peaks[0] * 1.3


def test_the_pages_of_a_dry_run(crowd, alice, client_for):
    client = client_for(alice)
    address = f"{TAB}{crowd.policy_row.pk}/"
    with tenant_scope(crowd.tenant.pk):
        draft = draft_of(crowd.policy_row).to_json()
    answer = client.post(address, {"draft": draft, "enabled": "on", "act": "dry-run"})
    assert answer.status_code == 302 and "/dry-runs/" in answer["Location"]
    assert "Judging past sign-ins" in client.get(answer["Location"]).content.decode()
    while work_off(now=timezone.now() + timedelta(seconds=1)):
        pass
    page = client.get(answer["Location"]).content.decode()
    for text in ("Would have a licence", "the last seat goes on", "The account is a guest"):
        assert text in page, text
    text = b"".join(client.get(f"{answer['Location']}list/")).decode()
    assert text.count("\n") == 7 and "ann@contoso.example" in text
    again = client.post(f"{answer['Location']}again/", {"days": "7"})
    with tenant_scope(crowd.tenant.pk):
        assert Job.objects.latest("pk").parameters["days"] == 7
    assert again.status_code == 302


def test_the_draft_of_the_wizard_is_tried_before_it_is_a_policy(crowd, alice, client_for):
    with tenant_scope(crowd.tenant.pk):
        draft = draft_of(crowd.policy_row).to_json().replace("Teams for all", "Another")
    answer = client_for(alice).post(
        f"{TAB}add/", {"draft": draft, "step": "review", "act": "dry-run"}
    )
    assert answer.status_code == 302 and "/dry-runs/" in answer["Location"]


@pytest.fixture
def given(two_products):
    """Three have a licence by the policy, since ten days, a day, and today."""
    office = two_products(e3=2, spb=1)
    office.policy_row = office.policy("SPE_E3", "SPB")
    for name in ("ann", "ben", "cid", "dee"):
        office.cloud.employ(name)
    office.sign_in("ann", "ben", "cid", "dee")
    office.settle()
    with tenant_scope(office.tenant.pk):
        for name, days in (("ann", 10), ("ben", 1)):
            at = timezone.now() - timedelta(days=days)
            Claim.objects.filter(upn__startswith=name).update(claimed_at=at)
    return office


def test_what_was_given_in_a_period_is_undone_after_a_look(given, alice, client_for):
    client, address = client_for(alice), f"{TAB}{given.policy_row.pk}/undo/"
    today = timezone.localdate(timezone=given.tenant.zone)
    period = {"first": (today - timedelta(days=3)).isoformat(), "last": today.isoformat()}
    page = client.get(address, period).content.decode()
    assert "2 claims of these days hold a seat." in page and "ann@" not in page
    stale = client.post(address, {**period, "seen": 1})
    assert stale.status_code == 422 and "look at them again" in stale.content.decode()
    assert client.post(address, {**period, "seen": 2}).status_code == 302
    given.settle()
    assert {name: state for name, (state, _what) in given.results().items()} == {
        "ann": "assigned", "ben": "undone", "cid": "undone", "dee": "waiting",
    }  # fmt: skip
    assert len(given.cloud.holders(str(guid("SPE_E3")))) == 1
    with tenant_scope(given.tenant.pk):
        assert AuditEvent.objects.filter(action="auto_claim_policy.claims_undone").count() == 1
    given.read()
    given.settle()
    assert given.results()["dee"][0] == "assigned", "who waited has the seat that came free"


def test_a_period_that_makes_no_sense_is_refused_in_words(given, alice, client_for):
    client, address = client_for(alice), f"{TAB}{given.policy_row.pk}/undo/"
    wrong = client.get(address, {"first": "2026-02-02", "last": "2026-02-01"})
    assert wrong.status_code == 422
    assert "The last day is before the first." in wrong.content.decode()
    for nonsense in ("x", "9999-99-99", "0001-01-01"):
        assert client.get(address, {"first": nonsense, "last": nonsense}).status_code == 422
    assert client.post(address, {"first": "x", "last": "", "seen": "1e9"}).status_code == 422


def test_the_standing_of_a_policy_counts_holders_cost_and_days_left(given, alice, client_for):
    policy = given.policy_row
    with tenant_scope(given.tenant.pk):
        product = Product.objects.get(part_number="SPE_E3")
        set_price(product=product, amount=Decimal("37.75"), by=alice)
        found = standings(policies=[policy], now=timezone.now())[policy.pk]
    assert (found.holders, found.waiting, found.free) == (3, 1, 0)
    assert (found.cost, found.unpriced, found.days_left) == (Decimal("75.50"), 1, 0)
    page = client_for(alice).get(f"{TAB}{policy.pk}/").content.decode()
    assert "75.50" in page and "1 holder whose product has no price" in page


def test_a_second_policy_on_the_same_seats_is_told(given, alice, client_for):
    with tenant_scope(given.tenant.pk):
        keys = list(given.policy_row.products.values_list("product_id", flat=True))
        assert overlaps(keys=keys, but=given.policy_row.pk) == []
        assert {row.policy for row in overlaps(keys=keys)} == {"Teams for all"}
        other = App.objects.get(name="Power Apps")
        type(given.policy_row).objects.create(
            name="Makers", app=other, created_at=timezone.now()
        ).products.create(product_id=keys[0], position=1)
    page = client_for(alice).get(f"{TAB}{given.policy_row.pk}/").content.decode()
    assert "Shared seats" in page and "Makers" in page


def test_low_seats_ring_once_and_are_quiet_when_there_are_seats_again(given):
    now = timezone.now()

    def alerts():
        with tenant_scope(given.tenant.pk):
            return [(a.reason, a.state) for a in Alert.objects.order_by("pk")]

    low_seats.watch(now=now)
    low_seats.watch(now=now)
    assert alerts() == [("seats_gone", "open")]
    given.cloud.sell("SPB", 3, used=1)
    given.read()
    given.settle()
    low_seats.watch(now=now)
    assert alerts() == [("seats_gone", "resolved"), ("seats_low", "open")]
    given.cloud.sell("SPB", 500, used=2)
    given.read()
    low_seats.watch(now=now)
    assert {state for _reason, state in alerts()} == {"resolved"}
    given.cloud.sell("SPB", 2, used=2)
    given.read()
    given.cloud.employ("fay")
    given.sign_in("fay")
    given.settle()
    low_seats.watch(now=now)
    assert ("seats_gone", "open") in alerts(), "it rings again when it is so again"


def test_the_alert_is_shown_with_the_name_of_its_policy(given, alice, client_for):
    low_seats.watch(now=timezone.now())
    page = client_for(alice).get("/t/contoso/alerts/").content.decode()
    assert "Teams for all" in page and "has no seat left" in page
