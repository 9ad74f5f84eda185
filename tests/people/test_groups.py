"""People groups: their order, who is in them, and their pages."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tenants import people_groups as acts
from tenants.models import PeopleGroup, PeopleGroupMember, Person
from tenants.queries import groups_of
from tests.conftest import client_of
from tests.factories import PersonFactory

GROUPS = "/t/contoso/people-groups/"
NAUGHTY = ["\x00", "a" * 81, " ", "\u202e\u0000", ""]


@pytest.fixture
def three(in_contoso, alice):
    """Groups One, Two and Three, in this order."""
    return [acts.add(name=name, note="", by=alice) for name in ("One", "Two", "Three")]


def order() -> list[str]:
    groups = PeopleGroup.objects.filter(retired_at=None).order_by("position")
    return [group.name for group in groups]


def people(*people: Person):
    return Person.objects.filter(pk__in=[person.pk for person in people])


def acts_on_record() -> list[str]:
    return [event.action for event in AuditEvent.objects.order_by("id")]


def test_a_new_group_comes_last_and_moves_one_place_at_a_time(three, alice):
    one, _two, three_ = three
    assert order() == ["One", "Two", "Three"]
    acts.move_up(group=three_, by=alice)
    assert order() == ["One", "Three", "Two"]
    acts.move_down(group=one, by=alice)
    assert order() == ["Three", "One", "Two"]
    moved = AuditEvent.objects.filter(action="people_group.moved").order_by("id")
    assert [(e.object_name, e.before, e.after) for e in moved] == [
        ("Three", {"priority": 3}, {"priority": 2}),
        ("One", {"priority": 1}, {"priority": 2}),
    ]


def test_the_first_and_the_last_stay_where_they_are(three, alice):
    acts.move_up(group=three[0], by=alice)
    acts.move_down(group=three[2], by=alice)
    assert order() == ["One", "Two", "Three"]
    assert "people_group.moved" not in acts_on_record()


def test_a_retired_group_leaves_the_order_frees_its_name_and_takes_nobody(three, alice):
    one, two, _three = three
    kim = PersonFactory(tenant=one.tenant, name="Kim")
    acts.add_people(group=two, people=people(kim), by=alice)
    acts.retire(group=two, now=timezone.now(), by=alice)
    assert order() == ["One", "Three"]
    assert groups_of(person_ids=[kim.pk]) == {}
    acts.move_down(group=one, by=alice)
    assert order() == ["Three", "One"]
    again = acts.add(name="Two", note="", by=alice)
    assert order() == ["Three", "One", again.name]
    for act in (acts.move_up, acts.move_down):
        with pytest.raises(acts.GroupRefused):
            act(group=two, by=alice)
    with pytest.raises(acts.GroupRefused):
        acts.add_people(group=two, people=people(kim), by=alice)


def test_a_name_is_given_once(three, alice):
    with pytest.raises(acts.GroupRefused) as refused:
        acts.add(name="Two", note="", by=alice)
    assert refused.value.field == "name"
    with pytest.raises(acts.GroupRefused):
        acts.edit(group=three[0], name="Two", note="", by=alice)
    acts.edit(group=three[0], name="One", note="", by=alice)
    assert "people_group.edited" not in acts_on_record()


def test_the_database_gives_a_place_to_one_group_only(three):
    with transaction.atomic():
        PeopleGroup.objects.filter(pk=three[0].pk).update(position=2)
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.check_constraints()
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "state", [{"position": None}, {"retired_at": timezone.now()}], ids=["no place", "retired"]
)
def test_the_database_ties_a_place_to_being_in_use(three, state):
    with pytest.raises(IntegrityError), transaction.atomic():
        PeopleGroup.objects.filter(pk=three[0].pk).update(**state)


def test_people_join_once_and_leave_and_history_keeps_it(three, alice):
    kim, lee = (PersonFactory(tenant=three[0].tenant, name=name) for name in ("Kim", "Lee"))
    gone = PersonFactory(tenant=three[0].tenant, name="Max", removed_at=timezone.now())
    assert acts.add_people(group=three[0], people=people(kim, lee, gone), by=alice) == 2
    assert acts.add_people(group=three[0], people=people(kim, lee), by=alice) == 0
    assert acts.remove_people(group=three[0], people=people(lee), by=alice) == 1
    assert acts.remove_people(group=three[0], people=people(lee), by=alice) == 0
    on_record = AuditEvent.objects.filter(action__startswith="people_group.people").order_by("id")
    assert [(e.action, e.before, e.after) for e in on_record] == [
        ("people_group.people_added", None, {"people": ["Kim", "Lee"], "count": 2}),
        ("people_group.people_removed", {"people": ["Lee"], "count": 1}, None),
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pgh_label FROM tenants_peoplegroupmemberhistory WHERE person_id = %s "
            "ORDER BY pgh_id",
            [lee.pk],
        )
        assert [label for (label,) in cursor.fetchall()] == ["insert", "delete"]


def test_groups_of_people_come_by_priority_in_one_query(three, alice):
    kim, lee, max_ = (PersonFactory(tenant=three[0].tenant) for _ in range(3))
    acts.add_people(group=three[2], people=people(kim, lee), by=alice)
    acts.add_people(group=three[0], people=people(kim), by=alice)
    with CaptureQueriesContext(connection) as queries:
        found = groups_of(person_ids=[kim.pk, lee.pk, max_.pk])
    assert {key: [g.name for g in groups] for key, groups in found.items()} == {
        kim.pk: ["One", "Three"],
        lee.pk: ["Three"],
    }
    assert len(queries) == 1
    acts.move_up(group=three[2], by=alice)
    acts.move_up(group=three[2], by=alice)
    assert [g.name for g in groups_of(person_ids=[kim.pk])[kim.pk]] == ["Three", "One"]


def test_groups_hold_nobody_of_another_tenant(three, fabrikam, alice):
    otto = PersonFactory(tenant=fabrikam, name="Otto")
    assert acts.add_people(group=three[0], people=people(otto), by=alice) == 0
    with transaction.atomic():
        PeopleGroupMember.objects.create(group=three[0], person=otto)
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.check_constraints()
        transaction.set_rollback(True)


# --- the pages ----------------------------------------------------------------------------------


def test_a_group_is_made_filled_and_retired_on_the_pages(contoso, alice):
    client = client_of(alice)
    kim, lee = (PersonFactory(tenant=contoso, name=name) for name in ("Kim", "Lee"))
    made = client.post(f"{GROUPS}add/", {"name": "Drivers", "note": "On the road"})
    page = made["Location"]
    choice = f"{page}people/add/?pick={kim.pk}&pick={lee.pk}"
    assert "Add 2 people to Drivers" in client.get(choice).content.decode()
    assert client.post(choice)["Location"] == page
    assert "Kim" in client.get(page).content.decode()
    assert client.post(choice)["Location"] == f"{page}people/"  # nobody is left to add: no double
    assert client.post(f"{page}people/remove/?pick={lee.pk}").status_code == 302
    told = client.get(page).content.decode()
    assert ("Kim" in told, ">Lee<" in told) == (True, False)
    assert client.post(f"{page}retire/").status_code == 302
    assert client.get(f"{page}people/").status_code == 404


def test_all_that_a_filter_finds_join_at_once(contoso, alice):
    client = client_of(alice)
    for number in range(60):
        PersonFactory(tenant=contoso, name=f"A{number}", department="Sales")
    PersonFactory(tenant=contoso, name="B", department="Legal")
    page = client.post(f"{GROUPS}add/", {"name": "Sales"})["Location"]
    client.post(f"{page}people/add/?all=1&filters=department%3Dsales")
    with tenant_scope(contoso.pk):
        assert PeopleGroupMember.objects.count() == 60


def test_the_arrows_move_a_group(three, alice):
    client = client_of(alice)
    assert client.post(f"{GROUPS}{three[1].pk}/up/").status_code == 302
    assert client.post(f"{GROUPS}{three[1].pk}/down/").status_code == 302
    assert client.post(f"{GROUPS}{three[1].pk}/down/").status_code == 302
    assert order() == ["One", "Three", "Two"]


@pytest.mark.parametrize("name", NAUGHTY, ids=range(len(NAUGHTY)))
def test_a_name_that_is_none_is_refused_in_a_sentence(contoso, alice, name):
    response = client_of(alice).post(f"{GROUPS}add/", {"name": name, "note": name})
    assert response.status_code == 422
    assert "error-summary" in response.content.decode()


def test_helpdesk_looks_and_changes_nothing(three, bob):
    client = client_of(bob)
    told = client.get(GROUPS).content.decode()
    assert "One" in told and "Add a group" not in told and "/up/" not in told
    assert client.post(f"{GROUPS}{three[1].pk}/up/").status_code == 403


def test_lists_cost_the_same_at_3_and_at_30(contoso, alice):
    client, counts = client_of(alice), {}
    with tenant_scope(contoso.pk):
        first = acts.add(name="First", note="", by=alice)
    pages = (GROUPS, f"{GROUPS}{first.pk}/", f"{GROUPS}{first.pk}/people/")
    for number in (3, 27):
        with tenant_scope(contoso.pk):
            for turn in range(number):
                acts.add(name=f"{number} {turn}", note="", by=alice)
                joining, _left = PersonFactory(tenant=contoso), PersonFactory(tenant=contoso)
                acts.add_people(group=first, people=people(joining), by=alice)
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            counts.setdefault(page, []).append(len(queries))
    assert all(few == many <= 10 for few, many in counts.values()), counts


def test_the_pages_are_accessible_and_fit_a_phone(
    browser_page, sign_in, assert_accessible, contoso, alice
):
    page = browser_page
    kim = PersonFactory(tenant=contoso, name="Kim de Boer", email="kim@contoso.example")
    with tenant_scope(contoso.pk):
        group = acts.add(name="Drivers", note="On the road", by=alice)
        acts.add(name="Board", note="", by=alice)
    PersonFactory(tenant=contoso, name="Lee")
    with tenant_scope(contoso.pk):
        acts.add_people(group=group, people=people(kim), by=alice)
    sign_in(page, alice)
    page.set_viewport_size({"width": 360, "height": 740})
    own = f"{GROUPS}{group.pk}/"
    for path in (GROUPS, f"{GROUPS}add/", own, f"{own}edit/", f"{own}people/", f"{own}retire/"):
        page.goto(path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.goto(GROUPS)
    page.get_by_role("button", name="Move up: Board").click()
    page.wait_for_url(f"**{GROUPS}")
    assert "Board" in page.locator("tbody tr").first.inner_text()
    page.goto(f"{own}people/")
    page.get_by_role("checkbox", name="Lee").check()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("heading", name="Add 1 person to Drivers").wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(f"**{own}")
    assert "Lee" in page.locator("#people-table").inner_text()
