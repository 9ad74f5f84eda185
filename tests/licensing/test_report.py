"""The report: all results with reasons, periods, the picture, retry, exports, and who may what."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from licensing.actions import policies
from licensing.actions.switch import set_switch
from licensing.models import Claim, Reading
from tests.conftest import client_of
from tests.licensing.cloud import guid

REPORT = "/t/contoso/reports/auto-claim/"


@pytest.fixture
def told(office, client_for):
    """Two got a seat, one waits, a guest got nothing; `=cmd` is a name that a sheet would run."""
    office.cloud.sell("SPE_E3", 1)
    office.cloud.sell("SPB", 1)
    office.read()
    office.policy("SPE_E3", "SPB")
    for name in ("ann", "ben", "cid"):
        office.cloud.employ(name)
    eve = office.cloud.employ("eve", is_member=False)
    office.cloud.users[str(eve)]["name"] = "=cmd|' /C calc'!A0"
    office.sign_in("ann", "ben", "cid", "eve", "eve")
    office.settle()
    return office


def age(office, name, days):
    with tenant_scope(office.tenant.pk):
        at = timezone.now() - timedelta(days=days)
        Claim.objects.filter(upn__startswith=name).update(signed_in_at=at, claimed_at=at)


def test_it_lists_everything_with_its_reason(told, alice, client_for):
    page = client_for(alice).get(REPORT).content.decode()
    for text in (
        "Microsoft 365 E3", "Primary", "Backup 1", "Assigned", "Waiting",
        "No product of the policy has a free seat; the user waits for one.",
        "The account is a guest, not a member.", "Seats taken per day",
    ):  # fmt: skip
        assert text in page, text


@pytest.mark.parametrize(
    ("asked", "seen"),
    [("", "ben"), ("?days=90", "ben"), ("?days=30", ""), ("?days=7", ""), ("?days=5", "ben")],
)
def test_ninety_days_hold_where_nothing_sensible_is_asked(told, alice, client_for, asked, seen):
    age(told, "ben", 60)
    age(told, "ann", 91)
    page = client_for(alice).get(f"{REPORT}{asked}").content.decode()
    assert ("ben@contoso.example" in page) == bool(seen)
    assert "ann@contoso.example" not in page
    assert "cid@contoso.example" in page


def test_filters_find_a_person_a_result_a_policy_and_a_product(told, alice, client_for):
    client = client_for(alice)
    with tenant_scope(told.tenant.pk):
        ann = Claim.objects.get(upn__startswith="ann")
    for asked in (f"policy={ann.policy_id}&product={ann.product_id}", "state=assigned&q=ann"):
        page = client.get(f"{REPORT}?{asked}").content.decode()
        assert "ann@contoso.example" in page and "cid@contoso.example" not in page, asked


def test_the_picture_is_per_day_and_product_and_as_long_as_the_period(told, alice, client_for):
    client = client_for(alice)
    age(told, "ann", 20)
    for days, names in ((90, 2), (30, 2), (7, 1), (1, 1)):
        page = client.get(f"{REPORT}?days={days}")
        picture = page.context["picture"]
        assert len(picture.rows) == days + 1, "both the first and the last day are begun"
        assert len(picture.heads) == names
        assert sum(int(figure) for _day, figures in picture.rows for figure in figures) == names


def test_who_waits_knows_the_place_in_line(told, alice, client_for):
    told.cloud.employ("dee")
    told.sign_in("dee")
    told.settle()
    with tenant_scope(told.tenant.pk):
        keys = {c.upn[:3]: c.pk for c in Claim.objects.all()}
    pages = {n: client_for(alice).get(f"{REPORT}{keys[n]}/") for n in ("ann", "cid", "dee")}
    places = {name: page.context["place_in_line"] for name, page in pages.items()}
    assert places == {"ann": None, "cid": 1, "dee": 2}
    assert "Place in the waiting list" in pages["dee"].content.decode()


def test_everything_stays_readable_whatever_is_turned_off_taken_out_or_gone(
    told, alice, client_for
):
    client, tab = client_for(alice), "/t/contoso/licenses/auto-claim/"
    with tenant_scope(told.tenant.pk):
        ann = Claim.objects.get(upn__startswith="ann")
        set_switch(on=False, by=alice)
    page = client.get(tab).content.decode()
    assert "Paused by setting" in page and "Teams for all" in page
    told.cloud.skus.pop(str(guid("SPE_E3")))  # the subscription ended
    told.read()
    pane = client.get(f"{tab}{ann.policy_id}/").content.decode()
    assert "Paused by setting" in pane and "Microsoft 365 E3" in pane and "Deleted" in pane
    assert "Microsoft 365 E3" in client.get("/t/contoso/licenses/").content.decode()
    with tenant_scope(told.tenant.pk):
        draft = policies.draft_of(ann.policy)
        fewer = draft.with_products(draft.keys[1:])
        policies.edit(policy=ann.policy, draft=fewer, now=timezone.now(), by=alice)
        policies.delete(policy=ann.policy, now=timezone.now(), by=alice)
    for address in (REPORT, f"{REPORT}{ann.pk}/"):
        page = client.get(address).content.decode()
        for text in ("ann@contoso.example", "Teams for all", "Microsoft 365 E3", "Primary"):
            assert text in page, (address, text)
    assert client.get(tab).status_code == 200
    assert client.get(f"{tab}{ann.policy_id}/").status_code == 404
    asked = f"?policy={ann.policy_id}&product={ann.product_id}"
    text = b"".join(client.post(f"{REPORT}csv/{asked}")).decode()
    assert "ann@contoso.example" in text and "cid@" not in text


def test_a_reading_that_fails_shows_on_the_tab_with_the_last_that_did_not(told, alice, client_for):
    at = timezone.now() - timedelta(hours=2)
    with tenant_scope(told.tenant.pk):
        Reading.objects.update_or_create(
            what="sign_ins",
            defaults={"succeeded_at": at, "error": "cloud_forbidden", "next_at": timezone.now()},
        )
    page = client_for(alice).get("/t/contoso/licenses/auto-claim/").content.decode()
    assert "Sign-ins were last read" in page and at.isoformat() in page
    assert "Not read:" in page and "Sign-ins have not been read" not in page


def test_both_exports_hold_the_filtered_rows_and_run_nothing(told, alice, client_for):
    client = client_for(alice)
    text = b"".join(client.post(f"{REPORT}csv/?state=nothing")).decode()
    assert "'=cmd" in text and "ann@" not in text and "Further sign-ins" in text
    content = b"".join(client.post(f"{REPORT}xlsx/"))
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
    assert len(rows) == 5 and rows[0][0] == "Time (Europe/Amsterdam)"
    assert {row[8] for row in rows[1:]} == {"Assigned", "Waiting", "Nothing given"}
    with tenant_scope(told.tenant.pk):
        assert AuditEvent.objects.filter(action="claims.exported").count() == 2


def test_a_claim_tells_its_story_and_is_tried_again_when_somebody_asks(told, alice, client_for):
    client = client_for(alice)
    with tenant_scope(told.tenant.pk):
        eve = Claim.objects.get(upn__startswith="eve")
        given = Claim.objects.get(upn__startswith="ann")
    page = client.get(f"{REPORT}{eve.pk}/").content.decode()
    assert "Further sign-ins" in page and "Try again" in page
    assert "Try again" not in client.get(f"{REPORT}{given.pk}/").content.decode()
    told.cloud.users[str(eve.entra_id)]["is_member"] = True
    told.cloud.sell("SPE_E3", 5, used=1)
    told.read()
    client.post(f"{REPORT}{eve.pk}/retry/")
    told.settle(later=timedelta(minutes=6))
    assert told.results()["eve"] == ("assigned", "Microsoft 365 E3")
    answer = client.post(f"{REPORT}{given.pk}/retry/", follow=True)
    assert "not one that can be tried again" in answer.content.decode()
    with tenant_scope(told.tenant.pk):
        assert AuditEvent.objects.filter(action="claim.retried").count() == 1


def test_a_licence_taken_away_is_claimed_again_after_clearing(told, alice, client_for):
    client = client_for(alice)
    with tenant_scope(told.tenant.pk):
        ann = Claim.objects.get(upn__startswith="ann")
        Claim.objects.filter(pk=ann.pk).update(state="removed", reason="claim_taken_away")
    told.cloud.users[str(ann.entra_id)]["licences"].clear()
    told.cloud.sell("SPE_E3", 9)
    told.read()
    told.settle()
    told.sign_in("ann")
    told.settle(later=timedelta(minutes=6))
    assert told.results()["ann"] == ("nothing", "claim_taken_away")
    assert "Let the user claim again" in client.get(f"{REPORT}{ann.pk}/").content.decode()
    client.post(f"{REPORT}{ann.pk}/clear/")
    assert "Let the user claim again" not in client.get(f"{REPORT}{ann.pk}/").content.decode()
    told.sign_in("ann")
    told.settle(later=timedelta(minutes=12))
    assert told.results()["ann"][0] == "assigned"


def test_who_may_see_it_and_who_may_try_again(told, bob, client_for):
    with tenant_scope(told.tenant.pk):
        eve = Claim.objects.get(upn__startswith="eve")
    client = client_for(bob)
    page = client.get(f"{REPORT}{eve.pk}/")
    assert page.status_code == 200 and "Try again" not in page.content.decode()
    assert client.post(f"{REPORT}{eve.pk}/retry/").status_code == 403
    assert client.get("/t/contoso/licenses/auto-claim/").status_code == 403


def test_the_report_asks_the_database_as_often_for_thirty_rows_as_for_three(told, alice):
    client = client_of(alice)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(REPORT).status_code == 200
        return len(found)

    queries()
    few = queries()
    for number in range(30):
        told.cloud.employ(f"more{number}")
    told.sign_in(*(f"more{number}" for number in range(30)))
    told.settle()
    assert queries() <= few
    assert few <= 24
