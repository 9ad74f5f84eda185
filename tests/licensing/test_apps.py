"""Apps and their application ids: what a sign-in has to come with to count."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from licensing.actions import policies
from licensing.drafts import Draft, DraftProduct
from licensing.models import App, ApplicationId, Product
from tests.conftest import client_of
from tests.licensing.cloud import TEAMS_WEB

APPS = "/t/contoso/licenses/apps/"
FLOW = "7df0a125-d3be-4c96-aa54-591f83ff541c"


@pytest.fixture
def flow(office):
    """Power Automate, whose ids the portal does not know, and a product that has it."""
    office.cloud.sell("FLOW_PER_USER", 3, plans=("FLOW_PER_USER",))
    office.read()
    with tenant_scope(office.tenant.pk):
        return App.objects.get(name="Power Automate per User Plan")


def test_an_app_without_an_id_says_so_and_one_that_is_entered_counts(
    office, flow, alice, client_for
):
    client = client_for(alice)
    page = client.get(APPS).content.decode()
    assert TEAMS_WEB in page and "None yet, so no sign-in counts." in page
    office.policy("SPE_E3")
    with tenant_scope(office.tenant.pk):
        product = Product.objects.get(part_number="FLOW_PER_USER")
        policies.add(
            draft=Draft(name="Flow", app=flow.pk, products=(DraftProduct(product.pk),)),
            now=timezone.now(), by=alice,
        )  # fmt: skip
    office.cloud.employ("kim")
    office.sign_in("kim", app_id=FLOW)
    office.settle()
    assert office.claims() == []
    assert (
        client.post(f"{APPS}{flow.pk}/", {"ids": f" {FLOW.upper()}\n\n{FLOW}"}).status_code == 302
    )
    assert FLOW in client.get(APPS).content.decode()
    office.sign_in("kim", app_id=FLOW)
    office.settle()
    assert office.results() == {"kim": ("assigned", "Power Automate per user plan")}
    with tenant_scope(office.tenant.pk):
        event = AuditEvent.objects.get(action="auto_claim_app.ids_changed")
    assert (event.before, event.after) == (
        {"application_ids": []}, {"application_ids": [FLOW]},
    )  # fmt: skip
    client.post(f"{APPS}{flow.pk}/", {"ids": ""})
    with tenant_scope(office.tenant.pk):
        assert not ApplicationId.objects.filter(app=flow).exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{FLOW}\nnonsense", "Line 2, “nonsense”, is not an application id like"),
        (TEAMS_WEB, f"{TEAMS_WEB} is an application id of Microsoft Teams."),
        ("\n".join(f"00000000-0000-4000-8000-{n:012d}" for n in range(21)),
         "At most 20 application ids can be added."),
        ("x" * 2_001, "at most 2000 characters"),
    ],
    ids=["no id", "of another app", "too many", "too long"],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_changed(
    office, flow, alice, client_for, text, sentence
):
    answer = client_for(alice).post(f"{APPS}{flow.pk}/", {"ids": text})
    assert answer.status_code == 422 and sentence in answer.content.decode()
    with tenant_scope(office.tenant.pk):
        assert not ApplicationId.objects.filter(app=flow).exists()


def test_ids_that_everybody_knows_stay_whatever_is_entered(office, alice, client_for):
    with tenant_scope(office.tenant.pk):
        teams = App.objects.get(name="Microsoft Teams")
    page = client_for(alice).get(f"{APPS}{teams.pk}/").content.decode()
    assert "Known to everybody" in page
    client_for(alice).post(f"{APPS}{teams.pk}/", {"ids": FLOW})
    client_for(alice).post(f"{APPS}{teams.pk}/", {"ids": ""})
    office.read()
    with tenant_scope(office.tenant.pk):
        assert teams.application_ids.count() == 2


def test_an_intune_administrator_sees_apps_policies_and_products_and_changes_none(
    office, flow, dana, client_for
):
    client = client_for(dana)
    policy = office.policy("SPE_E3")
    tab = "/t/contoso/licenses/auto-claim/"
    for address in (APPS, tab, f"{tab}{policy.pk}/", "/t/contoso/licenses/"):
        assert client.get(address).status_code == 200, address
    assert client.post(f"{APPS}{flow.pk}/", {"ids": FLOW}).status_code == 403
    assert client.get(f"{tab}add/").status_code == 403
    assert "Add a policy" not in client.get(tab).content.decode()


def test_more_apps_ask_the_database_no_oftener(office, alice):
    client = client_of(alice)

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert client.get(APPS).status_code == 200
        return len(found)

    queries()
    few = queries()
    with tenant_scope(office.tenant.pk):
        for number in range(30):
            App.objects.create(name=f"App {number}", plans=["TEAMS1"])
    assert queries() <= few <= 16
