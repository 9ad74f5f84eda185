"""One fact of many lines, set from the list and taken back."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from jobs.models import Job
from tests.conftest import client_of
from tests.imports.conftest import work
from tests.usage_factories import CarrierFactory, PlanFactory, PolicyFactory, make_line
from usage.actions import bulk_changes, lines
from usage.models import BulkChange, Line, LinePlan, LinePolicy, LineWatch

LINES = "/t/contoso/lines/"


@pytest.fixture
def kpn(contoso):
    return CarrierFactory(tenant=contoso, name="KPN")


@pytest.fixture
def plans(contoso, kpn):
    return [
        PlanFactory(tenant=contoso, carrier=kpn, name=name, is_default=name == "5 GB")
        for name in ("5 GB", "10 GB")
    ]


@pytest.fixture
def five(contoso, plans):
    return [make_line(contoso, plan=plans[0], msisdn=f"+3161234567{n}") for n in range(5)]


@pytest.fixture
def dana_there(dana):
    return client_of(dana)


def plan_names(tenant):
    with tenant_scope(tenant.pk):
        rows = LinePlan.objects.open().order_by("line__label")
        return list(rows.values_list("plan__name", flat=True))


def made(response):
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def figures(client, page):
    return {str(label): count for label, count in client.get(page).context["figures"]}


@pytest.mark.django_db
def test_chosen_lines_get_a_plan_and_have_it_taken_back(contoso, five, plans, dana_there):
    picked = "&".join(f"pick={line.pk}" for line in five[:3])
    asked = dana_there.get(f"{LINES}set/plan/?{picked}")
    assert "3 lines are chosen." in asked.content.decode()
    page = made(dana_there.post(f"{LINES}set/plan/?{picked}", {"to": plans[1].pk}))
    assert "Waiting for a worker" in dana_there.get(page).content.decode()
    with tenant_scope(contoso.pk):
        LineWatch.objects.update(evaluate_at=None)
    work()
    assert plan_names(contoso) == ["10 GB", "10 GB", "10 GB", "5 GB", "5 GB"]
    assert figures(dana_there, page) == {"Changed": 3}
    with tenant_scope(contoso.pk):
        due = LineWatch.objects.exclude(evaluate_at=None).values_list("line_id", flat=True)
        assert set(due) == {line.pk for line in five[:3]}
        told = AuditEvent.objects.filter(action="line.edited", object_id=str(five[0].pk)).get()
        assert (told.before, told.after) == ({"plan": "5 GB"}, {"plan": "10 GB"})
        assert told.actor == "dana@contoso.example"
    made(dana_there.post(f"{page}undo/"))
    work()
    assert plan_names(contoso) == ["5 GB"] * 5
    assert figures(dana_there, page) == {"Undone": 3}
    assert "This change was undone already." in dana_there.post(f"{page}undo/").content.decode()


@pytest.mark.django_db
def test_all_that_match_a_filter_are_meant_not_only_the_page(contoso, five, dana_there):
    with tenant_scope(contoso.pk):
        lines.retire(line=five[4], now=timezone.now(), by=None)
    url = f"{LINES}set/cost_centre/?all=1&filters=q%3D%252B3161234567"
    page = made(dana_there.post(url, {"to": "NL-12"}))
    work()
    assert figures(dana_there, page) == {"Changed": 4}
    with tenant_scope(contoso.pk):
        found = Line.objects.order_by("label").values_list("cost_centre", flat=True)
        assert list(found) == ["NL-12"] * 4 + [""]


@pytest.mark.django_db
def test_a_plan_of_another_carrier_and_a_line_that_has_it_already_stay(
    contoso, five, plans, dana_there
):
    other = make_line(contoso, msisdn="+31687654321")
    made_page = made(dana_there.post(f"{LINES}set/plan/?all=1&filters=", {"to": plans[0].pk}))
    work()
    assert figures(dana_there, made_page) == {"It was so already": 5, "Left as it is": 1}
    assert str(other) in dana_there.get(made_page).content.decode()


@pytest.mark.django_db
def test_what_somebody_changed_since_is_not_undone(contoso, five, plans, dana_there):
    policy = PolicyFactory(tenant=contoso, name="Strict")
    picked = "&".join(f"pick={line.pk}" for line in five)
    page = made(dana_there.post(f"{LINES}set/policy/?{picked}", {"to": policy.pk}))
    work()
    edited = {"msisdn": five[0].msisdn, "plan": plans[0].pk, "policy": ""}
    assert dana_there.post(f"{LINES}{five[0].pk}/edit/", edited).status_code == 302
    made(dana_there.post(f"{page}undo/"))
    work()
    assert figures(dana_there, page) == {"Undone": 4, "Not undone": 1}
    with tenant_scope(contoso.pk):
        assert not LinePolicy.objects.open().exists()


@pytest.mark.django_db
def test_a_worker_that_dies_between_steps_repeats_and_skips_nothing(
    contoso, five, plans, dana_there, monkeypatch
):
    monkeypatch.setattr(bulk_changes, "STEP", 2)
    page = made(dana_there.post(f"{LINES}set/plan/?all=1&filters=", {"to": plans[1].pk}))
    real, steps = bulk_changes.record_many, []

    def dies_in_the_second(**said):
        steps.append(1)
        if len(steps) == 2:
            raise RuntimeError("the worker is gone")
        real(**said)

    monkeypatch.setattr(bulk_changes, "record_many", dies_in_the_second)
    work()
    assert plan_names(contoso).count("10 GB") == 2
    with tenant_scope(contoso.pk):
        Job.objects.update(due_at=timezone.now())
    work()
    assert figures(dana_there, page) == {"Changed": 5}
    with tenant_scope(contoso.pk):
        edits = AuditEvent.objects.filter(action="line.edited").values_list("object_id", flat=True)
        assert sorted(edits) == sorted(str(line.pk) for line in five)


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?pick=0", "?pick=x", "?all=1&filters=q%3Dnothing-like-it"])
def test_with_no_line_chosen_nothing_is_asked(contoso, five, dana_there, query):
    response = dana_there.get(f"{LINES}set/plan/{query}")
    assert response.status_code == 302
    assert response.headers["Location"].startswith(LINES)
    with tenant_scope(contoso.pk):
        assert not BulkChange.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fact", "to", "said"),
    [("plan", "", "Plan is missing."), ("plan", "0", "Select a valid choice"),
     ("cost_centre", "x" * 61, "at most 60")],
)  # fmt: skip
def test_a_wrong_answer_changes_nothing(contoso, five, dana_there, fact, to, said):
    url = f"{LINES}set/{fact}/?pick={five[0].pk}"
    response = dana_there.post(url, {"to": to})
    assert response.status_code == 422
    assert said in response.content.decode()
    with tenant_scope(contoso.pk):
        assert not BulkChange.objects.exists()


@pytest.mark.django_db
def test_the_lines_of_another_tenant_cannot_be_chosen(fabrikam, five, dana_there):
    foreign = make_line(fabrikam, msisdn="+31699999999")
    assert dana_there.get(f"{LINES}set/plan/?pick={foreign.pk}").status_code == 302


@pytest.mark.django_db
def test_a_step_costs_the_same_queries_for_three_lines_and_for_thirty(contoso, plans, dana_there):
    counts = []
    for first, count in ((100, 3), (200, 30)):
        rows = [
            make_line(contoso, plan=plans[0], msisdn=f"+31612345{n}")
            for n in range(first, first + count)
        ]
        picked = "&".join(f"pick={line.pk}" for line in rows)
        made(dana_there.post(f"{LINES}set/plan/?{picked}", {"to": plans[1].pk}))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            work()
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_in_a_browser_lines_are_chosen_changed_and_changed_back(
    contoso, five, plans, dana, browser_page, sign_in, assert_accessible
):
    page = browser_page
    sign_in(page, dana)
    page.goto(LINES)
    page.get_by_role("checkbox", name=re.compile(five[1].msisdn.replace("+", r"\+"))).check()
    page.get_by_role("button", name="Set the plan").click()
    assert_accessible(page)
    page.get_by_label("Plan", exact=True).select_option("KPN: 10 GB")
    page.get_by_role("button", name="Change 1 line").dblclick()
    page.get_by_role("heading", name="Changing", exact=True).wait_for()
    assert_accessible(page)
    work()
    page.get_by_role("link", name="Undo").wait_for()
    assert plan_names(contoso) == ["5 GB", "10 GB", "5 GB", "5 GB", "5 GB"]
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        assert_accessible(page)
    page.get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="Undoing").wait_for()
    work()
    page.get_by_role("link", name="Changes of many lines").click()
    page.get_by_text("undone", exact=True).wait_for()
    assert plan_names(contoso) == ["5 GB"] * 5
    assert_accessible(page)
    with tenant_scope(contoso.pk):
        assert BulkChange.objects.count() == 1
