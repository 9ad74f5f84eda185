"""Invitations to enrol: whom, by which link, how often, and when no more."""

from __future__ import annotations

import re
from datetime import timedelta
from smtplib import SMTPException

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.models import DeviceCategory
from enrolment.invitation_rows import BadRow, BadText, Row, read, text_of
from enrolment.links import key_of
from enrolment.models import Enrolment, Invitation
from enrolment.workers.invitation_mails import send_due
from tenants.models import Person
from tests.enrolment.walking import Walker, code_in, messages_to, open_enrolment
from tests.enrolment_walk import make_invitation
from tests.factories import PersonFactory
from tests.usage_factories import make_line
from usage.models import Line, LinePerson

pytestmark = pytest.mark.django_db
LIST = "/t/contoso/enrolment/invitations/"
NUMBER = "+31612345678"


def text_of_page(response) -> str:
    return response.content.decode()


def page_of(invitation: Invitation) -> str:
    return f"invitation/{key_of(invitation)}/"


def finish(walker: Walker) -> str:
    with tenant_scope(walker.tenant.pk):
        category = DeviceCategory.objects.get(name="Corporate").pk
    walker.post("category/", category=category, platform="ios")
    walker.post("finish/")
    return text_of_page(walker.get("done/"))


def test_pasted_people_get_a_link_each_and_enrol_with_it(contoso, alice, client_for):
    open_enrolment(contoso)
    text = "Dana de Vries; dana@contoso.example; 0612345678\nerik@contoso.example"
    answer = client_for(alice).post(f"{LIST}add/", {"text": text}, follow=True)
    assert "2 people are invited." in text_of_page(answer)
    assert send_due(now=timezone.now()) == 2
    letter = next(each for each in mail.outbox if each.to == ["dana@contoso.example"])
    assert letter.subject == "Enrol your phone at Contoso"
    assert "Hello Dana de Vries," in letter.body
    [link] = re.findall(r"http://testserver/enrol/contoso/(\S+)", letter.body)
    walker = Walker(contoso)
    assert "invites dana@contoso.example" in text_of_page(walker.get(link))
    with tenant_scope(contoso.pk):
        assert Invitation.objects.get(email="dana@contoso.example").opened_at is None
    assert walker.post(link).status_code == 302
    assert f'value="{NUMBER}"' in text_of_page(walker.get("number/"))
    walker.prove(NUMBER)  # no line yet, but the invitation names the number
    assert "This phone is enrolled" in finish(walker)
    with tenant_scope(contoso.pk):
        line = Line.objects.get(msisdn=NUMBER)
        assert LinePerson.objects.open().get(line=line).person.name == "Dana de Vries"
        assert Invitation.objects.get(email="dana@contoso.example").used_at is not None
    gone = Walker(contoso).get(link)
    assert gone.status_code == 410
    assert "A phone was enrolled with this invitation already." in text_of_page(gone)


def test_a_number_without_its_invitation_gets_no_code(contoso):
    open_enrolment(contoso)
    make_invitation(contoso, number=NUMBER)
    Walker(contoso).say_number(NUMBER)
    assert messages_to(contoso, NUMBER) == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"revoked_at": timezone.now(), "due_at": None}, "This invitation was withdrawn."),
        ({"used_at": timezone.now(), "due_at": None}, "A phone was enrolled with this"),
        ({"invited_at": timezone.now() - timedelta(days=15)}, "This invitation has expired."),
    ],
)
def test_an_invitation_that_does_not_hold_says_why(contoso, facts, sentence):
    open_enrolment(contoso)
    invitation = make_invitation(contoso, **facts)
    for answer in (Walker(contoso).get(page_of(invitation)),
                   Walker(contoso).post(page_of(invitation))):  # fmt: skip
        assert answer.status_code == 410
        assert sentence in text_of_page(answer)


def test_a_link_that_was_tampered_with_or_is_of_another_tenant_opens_nothing(contoso, fabrikam):
    open_enrolment(contoso)
    theirs = make_invitation(fabrikam, email="charlie@fabrikam.example")
    for link in (page_of(theirs), "invitation/x/", f"{page_of(theirs)[:-3]}AA/"):
        answer = Walker(contoso).get(link)
        assert answer.status_code == 410
        assert "charlie" not in text_of_page(answer)


def test_an_invitation_withdrawn_on_the_way_enrols_nothing(contoso):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    invitation = make_invitation(contoso)
    walker = Walker(contoso)
    walker.post(page_of(invitation))
    walker.prove(NUMBER)
    with tenant_scope(contoso.pk):
        Invitation.objects.update(revoked_at=timezone.now(), due_at=None)
        walker.post("category/", category=DeviceCategory.objects.first().pk, platform="ios")
    answer = walker.post("finish/")
    assert answer.status_code == 422
    assert "The invitation was used or withdrawn." in text_of_page(answer)
    with tenant_scope(contoso.pk):
        assert Enrolment.objects.get().finished_at is None


def test_an_invited_person_does_not_get_somebody_elses_line(contoso):
    open_enrolment(contoso)
    line = make_line(contoso, msisdn=NUMBER)
    with tenant_scope(contoso.pk):
        LinePerson.objects.create(
            line=line, person=PersonFactory(tenant=contoso), linked_at=timezone.now()
        )
    invitation = make_invitation(contoso, person=PersonFactory(tenant=contoso))
    walker = Walker(contoso)
    walker.post(page_of(invitation))
    answer = walker.prove(NUMBER)
    assert answer.status_code == 422
    assert "is somebody else" in text_of_page(answer)


def test_sent_again_the_older_link_is_dead(contoso, alice, client_for):
    open_enrolment(contoso)
    invitation = make_invitation(contoso)
    old = page_of(invitation)
    send_due(now=timezone.now())
    page = client_for(alice).post(f"{LIST}{invitation.pk}/again/", follow=True)
    assert "gets a new link" in text_of_page(page)
    assert "A newer invitation was sent to you." in text_of_page(Walker(contoso).get(old))
    assert send_due(now=timezone.now()) == 1
    with tenant_scope(contoso.pk):
        assert Walker(contoso).get(page_of(Invitation.objects.get())).status_code == 200


def test_withdrawn_twice_says_so(contoso, alice, client_for):
    invitation = make_invitation(contoso)
    client = client_for(alice)
    url = f"{LIST}{invitation.pk}/withdraw/"
    assert "is withdrawn" in text_of_page(client.post(url, follow=True))
    assert "used or withdrawn before" in text_of_page(client.post(url, follow=True))
    assert send_due(now=timezone.now()) == 0
    with tenant_scope(contoso.pk):
        assert AuditEvent.objects.filter(action="enrol_invitation.withdrawn").count() == 1


def test_an_open_invitation_is_not_doubled(contoso, alice, client_for):
    client = client_for(alice)
    client.post(f"{LIST}add/", {"text": "dana@contoso.example"})
    page = text_of_page(client.post(f"{LIST}add/", {"text": "DANA@contoso.example"}, follow=True))
    assert "0 people are invited." in page
    assert "1 person has an open invitation already" in page


def test_a_mail_server_that_is_down_is_tried_again_and_then_given_up(contoso, monkeypatch):
    make_invitation(contoso)

    def broken(*args, **kwargs):
        raise SMTPException("down")

    monkeypatch.setattr("enrolment.workers.invitation_mails.send_mail", broken)
    now = timezone.now()
    for _ in range(6):
        send_due(now=now)
        now += timedelta(hours=2)
    with tenant_scope(contoso.pk):
        invitation = Invitation.objects.get()
    assert (invitation.due_at, invitation.sent_at, invitation.attempts) == (None, None, 5)


def test_a_wrong_row_is_named_and_nobody_is_invited(contoso, alice, client_for):
    text = "dana@contoso.example\nnobody\nerik@contoso.example, 12\ndana@contoso.example"
    answer = client_for(alice).post(f"{LIST}add/", {"text": text})
    page = text_of_page(answer)
    assert answer.status_code == 422
    assert "Row 2: nobody is not an e-mail address." in page
    assert "Row 4: dana@contoso.example stands here twice" in page
    with tenant_scope(contoso.pk):
        assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04rest", "This is not a text file."),
        (b"", "The submitted file is empty."),
        (b"a\0b", "This is not a text file."),
        (b"\n".join(b"p%d@contoso.example" % at for at in range(5_002)), "At most 5000 people"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(contoso, alice, client_for, content, sentence):
    upload = SimpleUploadedFile("people.csv", content)
    answer = client_for(alice).post(f"{LIST}add/", {"file": upload})
    assert answer.status_code == 422
    assert sentence in text_of_page(answer)


def normal(number: str) -> str | None:
    digits = re.sub(r"\D", "", number)
    return f"+{digits}" if len(digits) == 11 else None


@pytest.mark.parametrize(
    "text",
    [
        "a@x.example,Ann,31612345678\nb@x.example",
        "Naam;E-mailadres;Telefoonnummer\nAnn;a@x.example;31612345678\n;b@x.example;",
        "31612345678\ta@x.example\tAnn\n\n\tb@x.example",
        '"a@x.example","Ann","+31 6 12345678"\r\nb@x.example,,',
    ],
)
def test_rows_are_read_with_and_without_a_header(text):
    rows, bad = read(text, normal=normal)
    assert bad == []
    assert rows == [Row("a@x.example", "Ann", "+31612345678"), Row("b@x.example")]


def test_bad_rows_keep_their_numbers():
    _rows, bad = read("e-mail,phone\n\na@x.example,123456\n@,1", normal=normal)
    assert bad == [BadRow(3, "123456", "bad_number"), BadRow(4, "@", "no_email")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_are_read_in_the_encodings_of_spreadsheets(encoding):
    assert "André" in text_of("a@x.example;André".encode(encoding))


@pytest.mark.parametrize("text", ["", "  \n \n"])
def test_nothing_is_not_read(text):
    with pytest.raises(BadText, match="empty"):
        read(text, normal=normal)


@pytest.mark.parametrize("count", [3, 30])
def test_the_list_costs_the_same_whatever_its_length(contoso, alice, client_for, count):
    for number in range(count):
        make_invitation(contoso, email=f"person-{number}@contoso.example")
    client = client_for(alice)
    client.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(LIST).status_code == 200
    assert len(queries) <= 9


def test_the_list_is_filtered_by_state(contoso, alice, client_for):
    make_invitation(contoso, email="new@contoso.example")
    make_invitation(contoso, email="used@contoso.example", used_at=timezone.now(), due_at=None)
    old = timezone.now() - timedelta(days=30)
    make_invitation(contoso, email="old@contoso.example", invited_at=old)
    client = client_for(alice)
    for state, email in (("waiting", "new@"), ("used", "used@"), ("expired", "old@")):
        page = text_of_page(client.get(f"{LIST}?state={state}"))
        assert re.findall(r"(\w+@)contoso\.example</th>", page.replace("\n", "")) == [email]


def test_invited_people_are_found_in_the_directory(contoso, alice, client_for):
    person = PersonFactory(tenant=contoso, email="Dana@Contoso.example")
    line = make_line(contoso, msisdn=NUMBER)
    client_for(alice).post(f"{LIST}add/", {"text": f"dana@contoso.example, {NUMBER}"})
    with tenant_scope(contoso.pk):
        invitation = Invitation.objects.get()
        assert (invitation.person_id, invitation.line_id) == (person.pk, line.pk)
        assert Person.objects.count() == 1


def test_an_hour_later_the_link_still_leads_to_the_beginning(contoso):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    invitation = make_invitation(contoso)
    walker = Walker(contoso)
    walker.post(page_of(invitation))
    walker.prove(NUMBER)
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert walker.get("category/").headers["Location"] == "/enrol/contoso/"
        walker.post(page_of(invitation))
        walker.say_number(NUMBER)
        code = code_in(messages_to(contoso, NUMBER)[-1])
        assert walker.post("code/", code=code).status_code == 302
        assert "This phone is enrolled" in finish(walker)
