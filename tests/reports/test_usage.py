"""The usage report: what is summed by what, for whom, and how it leaves the portal."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.models import DeviceCategory
from tenants.models import PeopleGroup, PeopleGroupMember
from tests.conftest import client_of
from tests.factories import PersonFactory
from tests.reports.scene import GB, MB, hold, used
from tests.usage_factories import (
    CarrierFactory,
    PlanFactory,
    ZoneFactory,
    make_device,
    make_line,
)
from usage.models import Line, ZoneCountry

pytestmark = pytest.mark.django_db
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
REPORT = "/t/contoso/reports/usage/"
TODAY = date(2026, 3, 20)


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(datetime(2026, 3, 20, 12, tzinfo=timezone.get_current_timezone())):
        yield


def shown(person: Any, path: str = "", status: int = 200) -> list[list[str]]:
    """The cells of the report's table, as words."""
    response = client_of(person).get(f"{REPORT}{path}")
    assert response.status_code == status
    table = (
        response.content.decode().rpartition('<table class="table">')[2].partition("</table>")[0]
    )
    table = table.partition("<tbody>")[2]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in table.split("<tr>")[1:]]
    return [[_words(cell) for cell in row] for row in cells]


def _words(cell: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", cell)).split())


@pytest.fixture
def lines(contoso) -> list[Line]:
    """Two lines of a Dutch carrier: 3 GB at home and 1 GB in Belgium; 2 GB at home."""
    plan = PlanFactory(tenant=contoso, carrier=CarrierFactory(tenant=contoso, name="Proseware"))
    first = make_line(contoso, plan=plan, msisdn="+31600000001")
    second = make_line(contoso, plan=plan, msisdn="+31600000002")
    used(contoso, first, 3 * GB, day=TODAY - timedelta(days=1))
    used(contoso, first, 1 * GB, day=TODAY, country="BE")
    used(contoso, second, 2 * GB, day=TODAY)
    return [first, second]


def test_lines_are_listed_with_the_largest_first(lines, rita):
    assert shown(rita) == [
        ["+31600000001", "–", "3 GB", "1 GB", "4 GB"],
        ["+31600000002", "–", "2 GB", "0 B", "2 GB"],
    ]


def test_only_the_figures_that_drive_limits_count(contoso, lines, rita):
    used(contoso, lines[1], 9 * GB, day=TODAY, source="agent")
    assert [row[-1] for row in shown(rita)] == ["4 GB", "2 GB"]


@pytest.mark.parametrize(
    ("query", "totals"),
    [
        ("?since=2026-03-20&until=2026-03-20", ["2 GB", "1 GB"]),
        ("?until=2026-03-19", ["3 GB"]),
        ("?period=7", ["4 GB", "2 GB"]),
        ("?period=last_month", []),
        ("?where=abroad", ["1 GB"]),
        ("?country=be", ["1 GB"]),
        ("?q=%2B31600000002", ["2 GB"]),
        ("?q=nobody", []),
        ("?sort=total", ["2 GB", "4 GB"]),
        ("?sort=name", ["4 GB", "2 GB"]),
        ("?since=not-a-day&carrier=nonsense&country=x", ["4 GB", "2 GB"]),
        ("?page=7", ["4 GB", "2 GB"]),
    ],
)
def test_filters_and_orders_stand_in_the_address(lines, rita, query, totals):
    rows = shown(rita, query)
    assert [row[-1] for row in rows if len(row) > 1] == totals


def test_days_countries_and_carriers_have_their_sums(lines, rita):
    assert shown(rita, "day/") == [
        ["20 Mar 2026", "2 GB", "1 GB", "3 GB"],
        ["19 Mar 2026", "3 GB", "0 B", "3 GB"],
    ]
    assert shown(rita, "country/") == [
        ["NL", "2", "5 GB", "0 B", "5 GB"],
        ["BE", "1", "0 B", "1 GB", "1 GB"],
    ]
    assert shown(rita, "carrier/") == [["Proseware", "2", "5 GB", "1 GB", "6 GB"]]


def test_a_day_is_its_holders_of_that_day(contoso, lines, rita):
    kim, lee = (PersonFactory(tenant=contoso, name=name) for name in ("Kim", "Lee"))
    now = timezone.now()
    hold(contoso, lines[0], kim, since=now - timedelta(days=9), until=now - timedelta(hours=2))
    hold(contoso, lines[0], lee, since=now - timedelta(hours=2))
    assert [(row[0], row[-1]) for row in shown(rita, "person/?sort=name")] == [
        ("Kim", "3 GB"),
        ("Lee", "1 GB"),
        ("No person", "2 GB"),
    ]


def test_a_person_counts_in_the_group_of_highest_priority(contoso, lines, rita):
    kim = PersonFactory(tenant=contoso, name="Kim")
    hold(contoso, lines[0], kim, since=timezone.now() - timedelta(days=90))
    with tenant_scope(contoso.pk):
        for position, name in ((2, "Sales"), (1, "Board"), (3, "Everybody")):
            group = PeopleGroup.objects.create(name=name, position=position)
            PeopleGroupMember.objects.create(group=group, person=kim)
    assert [(row[0], row[-1]) for row in shown(rita, "group/")] == [
        ("Board", "4 GB"),
        ("In no group", "2 GB"),
    ]
    with tenant_scope(contoso.pk):
        board = PeopleGroup.objects.get(name="Board").pk
    for by in ("line", "person", "group", "cost_centre", "carrier", "country", "zone", "day"):
        rows = shown(rita, f"{by}/?group={board}")
        assert {row[-1] for row in rows} <= {"4 GB", "3 GB", "1 GB"}, by


def test_zones_are_those_of_the_plan_and_near_ones_count_as_home(contoso, lines, rita):
    with tenant_scope(contoso.pk):
        plan = lines[0].plan_links.get().plan
    near = ZoneFactory(tenant=contoso, plan=plan, name="Benelux", is_extended_domestic=True)
    ZoneFactory(tenant=contoso, plan=plan, name="World", is_rest_of_world=True)
    with tenant_scope(contoso.pk):
        ZoneCountry(zone=near, plan=plan, country="BE").save()
    used(contoso, lines[1], 7 * MB, day=TODAY, country="US")
    assert shown(rita, "zone/") == [
        ["In the carrier's country", "2", "5 GB", "0 B", "5 GB"],
        ["Benelux", "1", "1 GB", "0 B", "1 GB"],
        ["World", "1", "0 B", "7 MB", "7 MB"],
    ]


def test_usage_in_personal_devices_is_for_those_who_may_see_it(contoso, lines, bob, alice):
    device = make_device(contoso, line=lines[0])
    with tenant_scope(contoso.pk):
        own = DeviceCategory.objects.create(name="Own", is_personal=True)
        device.category = own
        device.save()
    assert [row[0] for row in shown(alice)] == ["+31600000001", "+31600000002"]
    assert [row[0] for row in shown(bob)] == ["+31600000002"]
    assert shown(bob, "day/") == [["20 Mar 2026", "2 GB", "0 B", "2 GB"]]
    assert "+31600000001" not in exported(bob, "line/csv/").decode()


def test_nothing_of_another_tenant_counts(contoso, fabrikam, lines, rita, charlie):
    used(fabrikam, make_line(fabrikam), 5 * GB, day=TODAY)
    assert len(shown(rita)) == 2
    assert client_of(charlie).get(REPORT).status_code == 404


def exported(person: Any, path: str) -> bytes:
    response = client_of(person).post(f"{REPORT}{path}")
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_exports_hold_all_rows_in_bytes_and_run_no_formula(contoso, rita):
    carrier = CarrierFactory(tenant=contoso, name="=cmd()")
    for number in range(60):
        used(contoso, make_line(contoso, carrier=carrier), number + 1, day=TODAY)
    rows = list(csv.reader(io.StringIO(exported(rita, "line/csv/?sort=total").decode("utf-8-sig"))))
    assert rows[0] == ["Line", "Person", "Domestic (bytes)", "Roaming (bytes)", "Total (bytes)"]
    assert [row[-1] for row in rows[1:]] == [str(number + 1) for number in range(60)]
    book = openpyxl.load_workbook(io.BytesIO(exported(rita, "carrier/xlsx/")))
    assert [cell.value for cell in book.active[2]] == ["'=cmd()", 60, 1830, 0, 1830]
    with tenant_scope(contoso.pk):
        event = AuditEvent.objects.filter(action="report.exported").earliest("pk")
    assert event.after["report"] == "usage-by-line"


@pytest.mark.parametrize("by", ["line", "person", "cost_centre", "day"])
def test_the_page_costs_the_same_at_3_and_at_30_rows(contoso, rita, by):
    client = client_of(rita)
    carrier = CarrierFactory(tenant=contoso)

    def cost(added: int) -> int:
        for number in range(added):
            line = make_line(contoso, carrier=carrier)
            person = PersonFactory(tenant=contoso, name=f"Person {number}")
            hold(contoso, line, person, since=timezone.now() - timedelta(days=80))
            used(contoso, line, GB, day=TODAY - timedelta(days=number))
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{REPORT}{by}/?sort=name&period=90").status_code == 200
        return len(queries)

    cost(0)  # what the first page of a process costs besides
    few = cost(3)
    assert cost(27) == few <= 16
