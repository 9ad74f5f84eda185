"""The audit log as its readers see it."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.actions import record
from tests.conftest import client_of
from tests.factories import PersonFactory

LOG = "/t/contoso/audit/"


def text_of(client, address=LOG):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_log_tells_who_did_what_to_what_and_why_newest_first(contoso, alice, bob, arthur):
    iris = PersonFactory(tenant=contoso, name="Iris")
    record(by=alice, action="person.hired", subject=iris)
    record(
        by=bob,
        action="person.changed",
        subject=iris,
        before={"department": "Sales"},
        after={"department": "Legal"},
        reason="moved",
    )
    page = text_of(client_of(arthur))
    assert page.index("person.changed") < page.rindex("person.hired")
    for told in (alice.email, bob.email, "Iris", "Sales", "Legal", "moved"):
        assert told in page


def test_the_log_holds_nothing_of_another_tenant(contoso, fabrikam, arthur, charlie):
    record(by=charlie, action="secret.kept", subject=PersonFactory(tenant=fabrikam, name="Otto"))
    page = text_of(client_of(arthur))
    assert "Otto" not in page
    assert "secret.kept" not in page
    assert charlie.email not in page


def test_the_log_is_found_by_person_and_by_action(contoso, alice, bob, arthur):
    for actor, action, name in (
        (alice, "person.added", "Iris"),
        (bob, "person.added", "Otto"),
        (bob, "person.removed", "Zoe"),
    ):
        record(by=actor, action=action, subject=PersonFactory(tenant=contoso, name=name))
    client = client_of(arthur)
    by_bob = text_of(client, f"{LOG}?actor=BOB")
    assert ("Iris" in by_bob, "Otto" in by_bob, "Zoe" in by_bob) == (False, True, True)
    removed = text_of(client, f"{LOG}?action=person.removed")
    assert ("Otto" in removed, "Zoe" in removed) == (False, True)


def test_texts_in_the_log_are_not_taken_for_html(contoso, alice, arthur):
    record(
        by=alice,
        action="person.added",
        subject=PersonFactory(tenant=contoso, name="<script>alert(1)</script>"),
        after={"name": "<img src=x onerror=alert(1)>"},
    )
    page = text_of(client_of(arthur))
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_page_of_the_log_costs_the_same_at_3_and_at_30(contoso, alice, arthur):
    client = client_of(arthur)
    text_of(client)
    counts = []
    for number in (3, 27):
        for _ in range(number):
            record(by=alice, action="person.added", subject=PersonFactory(tenant=contoso))
        with CaptureQueriesContext(connection) as queries:
            text_of(client)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_the_log_comes_in_pages(contoso, alice, arthur):
    for number in range(60):
        record(
            by=alice,
            action="person.added",
            subject=PersonFactory(tenant=contoso, name=f"N{number}"),
        )
    client = client_of(arthur)
    assert "N59" in text_of(client)
    assert "N0<" not in text_of(client)
    assert "N0<" in text_of(client, f"{LOG}?page=2")
