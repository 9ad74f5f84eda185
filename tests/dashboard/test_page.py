"""The home page: what each role is shown, what it costs, and how it renews itself."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.permissions import Role
from common.tenancy import tenant_scope
from connectors.actions.switch import create_built_in
from connectors.models import Connector
from tests.cast import in_role
from tests.conftest import client_of
from tests.dashboard import rows
from tests.usage_factories import CarrierFactory, PlanFactory, make_line_with_device

PANELS = {
    "connector": 'id="home-connector"',
    "lines": 'class="tiles"',
    "alerts": 'id="home-alerts"',
    "commands": 'id="home-commands"',
    "usage": 'id="home-countries"',
    "elsewhere": 'id="home-elsewhere"',
}
ALL = {"connector", "lines", "alerts", "commands", "usage"}
TABLES = {
    "connector": "connectors_connector",
    "lines": "usage_linewatch",
    "alerts": "alerts_alert",
    "commands": "devices_command",
    "usage": "usage_usagecounter",
}
SEEN = {
    Role.GLOBAL_ADMINISTRATOR: ALL,
    Role.INTUNE_ADMINISTRATOR: ALL,
    Role.AUDITOR: ALL,
    Role.HELPDESK: ALL - {"connector"},
    Role.BILLING_ADMINISTRATOR: {"usage"},
    Role.REPORT_READER: {"usage"},
    Role.USER_ADMINISTRATOR: {"elsewhere"},
    Role.LICENSE_ADMINISTRATOR: {"elsewhere"},
}


@pytest.fixture
def at_work(contoso):
    """Contoso with three lines and something of everything."""
    with tenant_scope(contoso.pk):
        create_built_in()
    lines = [make_line_with_device(contoso) for _ in range(3)]
    rows.busy(contoso, lines)
    return lines


def home(person, **headers):
    return client_of(person).get("/t/contoso/", headers=headers).content.decode()


def shown(page):
    return {name for name, mark in PANELS.items() if mark in page}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_shown_its_panels_and_only_those_are_worked_out(contoso, at_work, role):
    client = client_of(in_role(role, tenant=contoso))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get("/t/contoso/").content.decode()
    assert shown(page) == SEEN[role]
    asked = " ".join(query["sql"] for query in queries)
    worked_out = {
        name for name, table in TABLES.items() if f'"{table}"' in asked or f" {table} " in asked
    }
    if SEEN[role] == {"usage"}:
        assert worked_out == {"usage"}
    else:
        assert worked_out == SEEN[role] - {"elsewhere"}


def test_a_figure_leads_to_the_list_behind_it(alice, at_work):
    page = home(alice)
    tiles = dict(
        re.findall(
            r'class="tile" href="/t/contoso/lines/\?standing=(\w+)".*?tile-value">(\d+)<',
            page,
            re.DOTALL,
        )
    )
    assert tiles == {"over": "1", "near": "1", "restricted": "1", "silent": "0"}


def test_an_alert_is_a_sentence_and_a_link_to_its_line(alice, at_work):
    line = at_work[0][0]
    page = home(alice)
    assert f'<a href="/t/contoso/lines/{line.pk}/">{line.label}</a>' in page
    assert "of roaming data used; the notice at" in page


def test_a_command_that_failed_says_why_and_leads_to_its_device(bob, at_work):
    device = at_work[0][1]
    page = home(bob)
    assert f'<a href="/t/contoso/devices/{device.pk}/">{device}</a>' in page
    assert "The phone refused." in page


def test_the_trend_is_a_picture_and_the_same_figures_in_a_table(rita, at_work):
    page = home(rita)
    assert 'aria-label="Usage of the last 30 days"' in page
    figures = '<td class="numeric">900 MB</td><td class="numeric">120 MB</td>'
    assert figures in page.replace("\N{NO-BREAK SPACE}", " ")


def test_roaming_is_told_by_country(rita, at_work):
    page = home(rita)
    assert all(f'data-country="{code}">{code}<' in page for code in ("FR", "BE", "DE"))


def test_many_countries_are_gathered_after_the_eighth(rita, at_work):
    line = at_work[0][0]
    today = rows.timezone.localdate()
    for number, code in enumerate(("AT", "CH", "CZ", "DK", "ES", "FI", "GR", "ZZ")):
        rows.use(line, today, (100 + number) * rows.MB, country=code)
    page = home(rita)
    assert page.count("data-country=") == 7
    assert "Country not known" in page and "Other countries" in page
    assert "120\N{NO-BREAK SPACE}MB" in page  # the three smallest together


def test_the_engine_switched_off_is_said_with_what_it_means(alice, at_work, contoso):
    with tenant_scope(contoso.pk):
        Connector.objects.update(portal_enabled=False)
    page = home(alice)
    assert "Disabled" in page
    assert "no phone is blocked" in page


def test_a_tenant_without_lines_is_told_the_next_step(alice, bob, contoso):
    assert "/t/contoso/carriers/add/" in home(alice)
    carrier = CarrierFactory(tenant=contoso)
    page = home(alice)
    assert "/t/contoso/plans/add/" in page and "/t/contoso/carriers/add/" not in page
    PlanFactory(tenant=contoso, carrier=carrier)
    page = home(alice)
    assert "/t/contoso/lines/add/" in page and "/t/contoso/plans/add/" not in page
    assert "An administrator of your organisation can do this." in home(bob)


def test_without_usage_the_page_says_where_it_would_come_from(rita):
    page = home(rita)
    assert "No usage in the last 30 days" in page
    assert "No roaming this month." in page


def test_the_part_that_renews_itself_is_the_pages_own(alice, at_work):
    page = home(alice)
    assert 'hx-trigger="every 30s"' in page
    part = home(alice, hx_request="true", hx_target="home-live")
    assert part.lstrip().startswith('<div class="stack" id="home-live"')
    assert shown(part) == ALL


def test_nothing_of_another_tenant_is_shown(alice, fabrikam):
    lines = [make_line_with_device(fabrikam) for _ in range(3)]
    rows.busy(fabrikam, lines)
    page = home(alice)
    assert "No lines yet" in page
    assert "The phone refused." not in page
    assert not any(line.label in page or str(device) in page for line, device in lines)


@pytest.mark.parametrize("count", [3, 30])
def test_the_page_costs_the_same_queries_for_few_and_many_lines(
    alice, contoso, django_assert_max_num_queries, count
):
    lines = [make_line_with_device(contoso) for _ in range(count)]
    rows.busy(contoso, lines)
    client = client_of(alice)
    client.get("/t/contoso/")
    with django_assert_max_num_queries(16):
        client.get("/t/contoso/")


def test_words_of_another_language_are_used(alice, at_work):
    alice.language = "fr"
    alice.save()
    assert '<html lang="fr"' in home(alice)
