"""A phone is enrolled with a work account, through the pretend Microsoft cloud."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from connectors.models import Connector, Consent, ConsentState, Purpose
from devices.models import DeviceCategory
from enrolment.models import Enrolment
from sandbox.cloud import seed
from tenants.models import Person, Tenant
from tests.cloud.conftest import cloud, connected, inside, key_pem  # noqa: F401 - fixtures
from tests.cloud.inside import ORIGIN
from tests.enrolment.walking import Walker, code_in, messages_to, open_enrolment
from tests.factories import PersonFactory
from tests.usage_factories import make_line
from usage.models import Line, LinePerson

pytestmark = pytest.mark.django_db
RITA = "rita@contoso.example"
NUMBER, OTHER = "+31612345678", "+31612345679"


@pytest.fixture
def portal(connected: Tenant, inside: Any) -> Tenant:  # noqa: F811
    """Contoso, connected to its directory, which gave the TEM app its consent."""
    open_enrolment(connected)
    with tenant_scope(connected.pk):
        connector = Connector.objects.create(
            provider="built_in", display_name="Built-in engine",
            directory_id=seed.CONTOSO.id, app_authorized=True,
        )  # fmt: skip
        Consent.objects.create(
            connector=connector, purpose=Purpose.TEM_APP, state=ConsentState.ACTIVE
        )
    return connected


def hold(tenant: Tenant, person: Person, number: str) -> Line:
    line = make_line(tenant, msisdn=number)
    with tenant_scope(tenant.pk):
        LinePerson.objects.create(line=line, person=person, linked_at=timezone.now())
    return line


def rita(tenant: Tenant) -> Person:
    return PersonFactory(tenant=tenant, name="Rita Roos", email=RITA.upper())


def sign_in(walker: Walker, account: str, answer: str = "accept") -> Any:
    start = walker.post("account/")
    page = start["Location"].removeprefix(ORIGIN)
    back = walker.client.post(page, {"account": account, "answer": answer})
    return walker.client.get(back["Location"].removeprefix(ORIGIN), follow=True)


def words(answer: Any) -> str:
    return unescape(answer.content.decode())


def test_the_holder_of_one_line_needs_no_code(portal):
    line = hold(portal, rita(portal), NUMBER)
    walker = Walker(portal)
    assert "Use the work account" in words(walker.get())
    answer = sign_in(walker, RITA)
    assert answer.redirect_chain[-1][0] == "/enrol/contoso/category/"
    with tenant_scope(portal.pk):
        walker.post("category/", category=portal_category(), platform="ios")
    walker.post("finish/")
    page = words(walker.get("done/"))
    assert "iPhone of Rita Roos" in page
    assert NUMBER in page
    with tenant_scope(portal.pk):
        enrolment = Enrolment.objects.get()
        assert (enrolment.how, enrolment.line_id) == ("work_account", line.pk)
        assert AuditEvent.objects.filter(action="enrolment.signed_in").count() == 1
    assert messages_to(portal, NUMBER) == []


def portal_category() -> int:
    return DeviceCategory.objects.get(name="Corporate").pk


def test_who_holds_several_lines_chooses_one_of_them(portal):
    person = rita(portal)
    hold(portal, person, NUMBER)
    second = hold(portal, person, OTHER)
    others = hold(portal, PersonFactory(tenant=portal), "+31612345670")
    walker = Walker(portal)
    answer = sign_in(walker, RITA)
    assert answer.redirect_chain[-1][0] == "/enrol/contoso/line/"
    assert NUMBER in words(answer)
    assert "+31612345670" not in words(answer)
    assert walker.post("line/", line=others.pk).status_code == 422
    assert walker.post("line/", line=second.pk).headers["Location"] == "/enrol/contoso/category/"
    with tenant_scope(portal.pk):
        assert Enrolment.objects.get().line_id == second.pk


def test_who_holds_no_line_proves_a_number_and_then_holds_it(portal):
    person = rita(portal)
    line = make_line(portal, msisdn=NUMBER)
    walker = Walker(portal)
    answer = sign_in(walker, RITA)
    assert answer.redirect_chain[-1][0] == "/enrol/contoso/number/"
    assert walker.say_number(NUMBER).headers["Location"] == "/enrol/contoso/code/"
    walker.post("code/", code=code_in(messages_to(portal, NUMBER)[-1]))
    with tenant_scope(portal.pk):
        walker.post("category/", category=portal_category(), platform="ios")
    walker.post("finish/")
    assert "This phone is enrolled" in words(walker.get("done/"))
    with tenant_scope(portal.pk):
        assert LinePerson.objects.open().get(line=line).person_id == person.pk
        assert Enrolment.objects.count() == 1


def test_a_line_that_somebody_else_holds_is_refused_even_with_its_code(portal):
    rita(portal)
    hold(portal, PersonFactory(tenant=portal, name="Somebody Else"), NUMBER)
    walker = Walker(portal)
    sign_in(walker, RITA)
    walker.say_number(NUMBER)
    answer = walker.post("code/", code=code_in(messages_to(portal, NUMBER)[-1]))
    assert answer.status_code == 422
    assert f"{NUMBER} is somebody else's line." in words(answer)
    assert "Somebody Else" not in words(answer)
    assert walker.get("category/").headers["Location"] == "/enrol/contoso/code/"


def test_a_line_given_away_between_the_pages_is_refused_at_the_end(portal):
    line = hold(portal, rita(portal), NUMBER)
    walker = Walker(portal)
    sign_in(walker, RITA)
    with tenant_scope(portal.pk):
        walker.post("category/", category=portal_category(), platform="ios")
        LinePerson.objects.filter(line=line).update(person=PersonFactory(tenant=portal))
    answer = walker.post("finish/")
    assert answer.status_code == 422
    assert "is somebody else's line" in words(answer)
    with tenant_scope(portal.pk):
        assert Enrolment.objects.get().finished_at is None


def test_somebody_of_the_directory_who_is_new_becomes_a_person(portal):
    answer = sign_in(Walker(portal), RITA)
    assert answer.redirect_chain[-1][0] == "/enrol/contoso/number/"
    with tenant_scope(portal.pk):
        assert Person.objects.get().email == RITA


def test_people_of_another_directory_are_turned_away(portal):
    walker = Walker(portal)
    page = walker.post("account/")["Location"].removeprefix(ORIGIN)
    assert str(seed.CONTOSO.id) in page  # the question is put to the tenant's own directory
    answer = walker.client.post(page, {"account": "charlie@fabrikam.example", "answer": "accept"})
    assert answer.status_code == 400
    assert Enrolment._base_manager.count() == 0


def test_who_says_no_at_microsoft_is_back_at_the_beginning(portal):
    answer = sign_in(Walker(portal), RITA, answer="cancel")
    assert answer.redirect_chain[-1][0] == "/enrol/contoso/"
    assert "Use the phone number" in words(answer)


def test_an_answer_counts_once_and_in_this_browser_only(portal):
    hold(portal, rita(portal), NUMBER)
    walker = Walker(portal)
    start = walker.post("account/")
    back = walker.client.post(
        start["Location"].removeprefix(ORIGIN), {"account": RITA, "answer": "accept"}
    )
    address = back["Location"].removeprefix(ORIGIN)
    assert Walker(portal).client.get(address).status_code == 400
    query = address.partition("?")[2]
    assert walker.client.get(address, follow=True).redirect_chain[-1][0].endswith("/category/")
    again = walker.client.get(f"/enrol/contoso/account/back/?{query}", follow=True)
    assert "does not belong to this sign-in" in words(again)
    with tenant_scope(portal.pk):
        assert Enrolment.objects.count() == 1


def test_without_the_consent_there_is_no_button(portal):
    with tenant_scope(portal.pk):
        Consent.objects.update(state=ConsentState.BROKEN)
    walker = Walker(portal)
    assert "Use the work account" not in words(walker.get())
    answer = walker.client.post("/enrol/contoso/account/", follow=True)
    assert "Work accounts cannot be used here at the moment." in words(answer)


def test_enrolment_by_work_account_alone_wants_the_consent(contoso, alice, client_for):
    chosen = {"is_open": "on", "by_work_account": "on", "silent_days": "3"}
    answer = client_for(alice).post("/t/contoso/enrolment/settings/", chosen)
    assert answer.status_code == 422
    assert "The TEM app has no consent yet." in words(answer)
