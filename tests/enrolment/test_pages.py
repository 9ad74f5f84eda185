"""The administrators' pages of enrolment, and the sandbox's inbox of text messages."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from enrolment.models import Enrolment, EnrolmentSettings
from tests.enrolment.walking import Walker, messages_to, open_enrolment
from tests.usage_factories import make_line

pytestmark = pytest.mark.django_db
PAGE = "/t/contoso/enrolment/"
INBOX = "/t/contoso/sandbox/messages/"
NUMBER = "+31612345678"


def test_a_tenant_opens_enrolment_and_closes_it_again(contoso, alice, client_for):
    client = client_for(alice)
    assert "Enrolment is closed" in client.get(PAGE).content.decode()
    chosen = {"is_open": "on", "by_phone": "on", "sms_by": "sandbox", "notice": "Hello.",
              "silent_days": "5"}  # fmt: skip
    page = client.post(f"{PAGE}settings/", chosen, follow=True).content.decode()
    assert "http://testserver/enrol/contoso/" in page
    assert Walker(contoso).get().status_code == 200
    client.post(f"{PAGE}settings/", {**chosen, "is_open": ""})
    assert Walker(contoso).get().status_code == 404
    with tenant_scope(contoso.pk):
        events = AuditEvent.objects.filter(action="enrolment_settings.changed").order_by("pk")
        assert [event.after.get("is_open") for event in events] == [True, False]


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"is_open": "on", "sms_by": "sandbox"}, "Choose at least one way to enrol."),
        ({"is_open": "on", "by_phone": "on"}, "Choose how text messages go out."),
        ({"is_open": "on", "by_phone": "on", "sms_by": "pigeon"}, "pigeon"),
    ],
)
def test_enrolment_that_could_not_work_is_not_opened(contoso, alice, client_for, chosen, sentence):
    answer = client_for(alice).post(f"{PAGE}settings/", {**chosen, "silent_days": "3"})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    with tenant_scope(contoso.pk):
        assert not EnrolmentSettings.objects.filter(is_open=True).exists()


def test_the_list_tells_how_far_everybody_is(contoso, fabrikam, alice, client_for):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    Walker(contoso).say_number("+31611111111")
    Walker(contoso).prove(NUMBER)
    with tenant_scope(fabrikam.pk):
        Enrolment.objects.create(how="phone", number="+31699999999", started_at=timezone.now())
    client = client_for(alice)
    page = client.get(PAGE).content.decode()
    assert "+31611111111" in page
    assert "+31699999999" not in page
    assert "Under way" in page
    found = client.get(f"{PAGE}?state=proven").content.decode()
    assert NUMBER in found
    assert "+31611111111" not in found
    assert "+31611111111" in client.get(f"{PAGE}?q=%2B31611").content.decode()


@pytest.mark.parametrize("count", [3, 30])
def test_the_lists_cost_the_same_whatever_their_length(contoso, alice, client_for, count):
    open_enrolment(contoso, adds_lines=True)
    for number in range(count):
        with tenant_scope(contoso.pk):
            Enrolment.objects.create(
                how="phone", number=f"+3161234{number:04d}", started_at=timezone.now()
            )
    client = client_for(alice)
    for url in (PAGE, INBOX):
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        assert len(queries) <= 9, url


def test_the_inbox_shows_what_the_phone_would_get(contoso, fabrikam, alice, client_for):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    Walker(contoso).say_number(NUMBER)
    client = client_for(alice)
    assert "Waiting" in client.get(INBOX).content.decode()
    [text] = messages_to(contoso, NUMBER)
    page = client.get(INBOX).content.decode()
    assert text in page
    assert "Sent" in page
