"""The audit log by day, kind and act, one entry of it, and its exports."""

import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.actions import record
from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tests.conftest import client_of
from tests.factories import PersonFactory

LOG = "/t/contoso/audit/"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture
def days(contoso, alice):
    """An entry just before and just after midnight in Amsterdam, and one of another kind."""
    midnight = datetime(2026, 3, 10, tzinfo=AMSTERDAM)
    for moment, name in ((midnight - timedelta(seconds=1), "Eve"), (midnight, "Adam")):
        with time_machine.travel(moment, tick=False):
            person = PersonFactory(tenant=contoso, name=name)
            record(by=alice, action="person.added", subject=person, after={"name": name})
    with time_machine.travel(midnight + timedelta(hours=1), tick=False):
        record(by=alice, action="tenant.resumed", subject=contoso, tenant_id=contoso.pk)


def page(client, query=""):
    response = client.get(f"{LOG}{query}")
    assert response.status_code == 200
    return response.content.decode()


def exported(client, query="", kind="csv"):
    response = client.post(f"{LOG}export/{kind}/{query}")
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    return b"".join(response.streaming_content)


def csv_rows(client, query=""):
    return list(csv.reader(io.StringIO(exported(client, query).decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?since=2026-03-10", {"Adam"}),
        ("?until=2026-03-09", {"Eve"}),
        ("?since=2026-03-09&until=2026-03-10", {"Adam", "Eve"}),
        ("?kind=tenant", set()),
        ("?kind=person", {"Adam", "Eve"}),
    ],
)
def test_the_log_is_found_by_day_in_the_tenants_zone_and_by_kind(days, arthur, query, found):
    told = page(client_of(arthur), query)
    assert {name for name in ("Adam", "Eve") if f">{name}<" in told} == found
    told = {row[5] for row in csv_rows(client_of(arthur), query)}
    assert told & {"Adam", "Eve"} == found


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "yesterday", "\x00", "2026-02-30"])
def test_a_day_that_is_none_is_told_and_never_fails(days, arthur, day):
    client = client_of(arthur)
    assert "Adam" in page(client, f"?since={day}&until={day}")
    assert client.post(f"{LOG}export/csv/?since={day}").status_code == 200


def test_an_entry_shows_everything_on_its_page_and_in_the_drawer(days, arthur, contoso):
    with tenant_scope(contoso.pk):
        entry = AuditEvent.objects.get(object_name="Eve")
    whole = page(client_of(arthur), f"{entry.pk}/")
    assert "23:59:59" in whole and "Europe/Amsterdam" in whole
    part = client_of(arthur).get(
        f"{LOG}{entry.pk}/", headers={"hx-request": "true", "hx-target": "drawer"}
    )
    assert "<html" not in part.content.decode() and "Eve" in part.content.decode()


def test_an_export_goes_on_record_with_its_filters(days, arthur, contoso):
    rows = csv_rows(client_of(arthur), "?since=2026-03-10&kind=person&sort=nonsense")
    assert [row[5] for row in rows[1:]] == ["Adam"]
    assert rows[0][0] == "Time (Europe/Amsterdam)"
    assert rows[1][0] == "2026-03-10 00:00:00+01:00"
    with tenant_scope(contoso.pk):
        entry = AuditEvent.objects.get(action="audit.exported")
    assert entry.actor == arthur.email
    assert entry.after == {
        "format": "csv",
        "filter_since": "2026-03-10",
        "filter_kind": "person",
    }


def test_no_export_by_get(days, arthur):
    for kind in ("csv", "xlsx"):
        assert client_of(arthur).get(f"{LOG}export/{kind}/").status_code == 405


def test_formulas_are_text_in_both_forms(contoso, alice, arthur):
    for name in ("=1+1", "+31", "-2", "@x", "\tx"):
        record(by=alice, action="person.added", subject=PersonFactory(tenant=contoso, name=name))
    names = {row[5] for row in csv_rows(client_of(arthur), "?kind=person")[1:]}
    assert names == {"'=1+1", "'+31", "'-2", "'@x", "'\tx"}
    book = openpyxl.load_workbook(io.BytesIO(exported(client_of(arthur), "?kind=person", "xlsx")))
    cells = [row[5] for row in book.active.iter_rows(min_row=2)]
    assert {cell.value for cell in cells} == names
    assert {cell.data_type for cell in cells} == {"s"}


def test_an_export_holds_nothing_of_another_tenant(days, fabrikam, charlie, arthur):
    record(by=charlie, action="person.added", subject=PersonFactory(tenant=fabrikam, name="Otto"))
    for kind in ("csv", "xlsx"):
        assert b"Otto" not in exported(client_of(arthur), "", kind)
    assert all(row[5] != "Otto" for row in csv_rows(client_of(arthur)))


def test_more_rows_than_a_workbook_takes_are_referred_to_the_csv(days, arthur, monkeypatch):
    monkeypatch.setattr("audit.views.MOST_IN_A_WORKBOOK", 1)
    refused = client_of(arthur).post(f"{LOG}export/xlsx/?kind=person", follow=True)
    assert "too much for a workbook" in refused.content.decode()
    assert refused.redirect_chain[-1][0] == f"{LOG}?kind=person"


def test_an_export_of_many_rows_costs_no_more_queries(contoso, alice, arthur):
    client, counts = client_of(arthur), []
    exported(client)
    for number in (3, 27):
        for _ in range(number):
            record(by=alice, action="person.added", subject=PersonFactory(tenant=contoso))
        with CaptureQueriesContext(connection) as queries:
            exported(client)
        counts.append(len(queries))
    assert counts[0] == counts[1]
