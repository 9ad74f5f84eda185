"""Every figure of the home page, against rows made by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.models import Connector, ConnectorState
from tem_portal import figures
from tests.dashboard import rows
from tests.dashboard.rows import MB
from tests.usage_factories import CarrierFactory, make_device, make_line, make_line_with_device
from usage.models import Line
from usage.queries.line_list import LineFilters
from usage.queries.silent_lines import silent_lines

NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False), timezone.override("Europe/Amsterdam"):
        yield


def days_ago(number):
    return TODAY - timedelta(days=number)


def test_lines_are_counted_by_what_was_decided_last(in_contoso):
    for standing in ("over", "over", "near", "within"):
        rows.judge(make_line(in_contoso), standing)
    make_line(in_contoso)
    found = figures.line_figures()
    assert (found.active, found.over, found.near) == (5, 2, 1)


def test_a_retired_line_is_not_counted(in_contoso):
    line = make_line(in_contoso)
    rows.judge(line, "over")
    Line.objects.filter(pk=line.pk).update(state="retired", retired_at=NOW)
    found = figures.line_figures()
    assert found == figures.LineFigures(0, 0, 0, 0)
    assert figures.silent(now=NOW).count == 0


def test_a_line_is_blocked_while_its_phone_shall_be(in_contoso):
    _, device = make_line_with_device(in_contoso)
    make_line_with_device(in_contoso)
    rows.restrict(make_device(in_contoso))  # in no line's hand
    rows.restrict(device)
    assert figures.line_figures().restricted == 1


@pytest.mark.parametrize(
    ("added", "used", "is_silent"),
    [
        (30, 6, False),
        (30, 7, True),
        (30, None, True),
        (6, None, False),
        (6, 40, True),
        (8, None, True),
    ],
)
def test_a_line_is_silent_after_seven_days_without_usage(in_contoso, added, used, is_silent):
    line = make_line(in_contoso)
    Line.objects.filter(pk=line.pk).update(created_at=NOW - timedelta(days=added))
    if used is not None:
        rows.use(line, days_ago(used), MB)
    assert list(silent_lines(now=NOW)) == ([line] if is_silent else [])


def test_the_figures_of_lines_agree_with_the_lists_they_lead_to(in_contoso, rf):
    lines = [make_line_with_device(in_contoso) for _ in range(7)]
    rows.busy(in_contoso, lines[:5])
    Line.objects.update(created_at=NOW - timedelta(days=30))
    found = figures.line_figures()
    request = rf.get("/")
    listed = {
        standing: LineFilters(
            {"standing": standing}, Line.objects.all(), request=request
        ).qs.count()
        for standing in ("over", "near", "restricted", "silent")
    }
    assert listed == {"over": 2, "near": 2, "restricted": 1, "silent": 2}
    told = {"over": found.over, "near": found.near, "restricted": found.restricted}
    assert listed == {**told, "silent": figures.silent(now=NOW).count}


def test_usage_is_told_for_each_of_thirty_days(in_contoso):
    line = make_line(in_contoso)
    rows.use(line, TODAY, 5 * MB)
    rows.use(line, days_ago(29), 3 * MB)
    rows.use(line, days_ago(30), 100 * MB)
    rows.use(line, days_ago(-1), 100 * MB)
    rows.use(line, TODAY, 2 * MB, country="FR")
    found = figures.usage_figures(today=TODAY)
    assert len(found.days) == 30
    assert found.days[0] == (days_ago(29), 3 * MB, 0)
    assert found.days[1] == (days_ago(28), 0, 0)
    assert found.days[29] == (TODAY, 5 * MB, 2 * MB)


def test_home_is_where_the_lines_carrier_is(in_contoso):
    dutch = make_line(in_contoso)
    french = make_line(in_contoso, carrier=CarrierFactory(tenant=in_contoso, country="FR"))
    rows.use(dutch, TODAY, 1 * MB, country="FR")
    rows.use(french, TODAY, 10 * MB, country="FR")
    rows.use(french, TODAY, 100 * MB, country="NL")
    found = figures.usage_figures(today=TODAY)
    assert found.days[-1] == (TODAY, 10 * MB, 101 * MB)
    assert found.countries == (("NL", 100 * MB), ("FR", 1 * MB))


def test_only_the_figures_that_drive_limits_count(in_contoso):
    by_agent = CarrierFactory(tenant=in_contoso, drives_limits="agent")
    line, other = make_line(in_contoso, carrier=by_agent), make_line(in_contoso)
    for source, volume in (("agent", 1 * MB), ("carrier", 10 * MB)):
        rows.use(line, TODAY, volume, source=source)
        rows.use(other, TODAY, volume * 100, source=source)
    assert figures.usage_figures(today=TODAY).days[-1][1] == (1 + 1000) * MB


def test_roaming_by_country_is_of_this_month(in_contoso):
    line = make_line(in_contoso)
    rows.use(line, TODAY.replace(day=1), 1 * MB, country="BE")
    rows.use(line, date(2026, 10, 31), 100 * MB, country="BE")
    rows.use(line, TODAY, 7 * MB, country="FR")
    found = figures.usage_figures(today=TODAY)
    assert found.month == date(2026, 11, 1)
    assert found.countries == (("FR", 7 * MB), ("BE", 1 * MB))


def test_the_first_of_a_long_month_is_within_the_month(in_contoso):
    rows.use(make_line(in_contoso), date(2026, 10, 1), 4 * MB, country="BE")
    found = figures.usage_figures(today=date(2026, 10, 31))
    assert found.countries == (("BE", 4 * MB),)
    assert found.is_empty


def test_alerts_are_of_today_in_the_tenants_zone_and_newest_first(in_contoso):
    line = make_line(in_contoso)
    midnight = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
    rows.alert(line, midnight - timedelta(seconds=1))
    for minutes in range(12):
        rows.alert(line, midnight + timedelta(minutes=minutes))
    found = figures.alerts_today(now=NOW)
    assert found.count == 12
    assert len(found.newest) == 10
    assert found.newest[0].alert.raised_at == midnight + timedelta(minutes=11)
    assert found.newest[0].label == line.label
    assert found.newest[0].sentence.startswith("900\N{NO-BREAK SPACE}MB of roaming data used")


def test_commands_on_their_way_and_failed_ones_are_counted(in_contoso):
    device = make_device(in_contoso)
    waiting = rows.command(device, "not_now", NOW - timedelta(hours=2))
    rows.command(device, "verified", NOW)
    rows.command(device, "failed", NOW - timedelta(days=8))
    for hours in range(6):
        rows.command(device, "failed", NOW - timedelta(hours=hours), error=f"Try {hours}")
    rows.command(device, "format_error", NOW - timedelta(days=6))
    found = figures.command_figures(now=NOW)
    assert (found.waiting, found.oldest, found.failed) == (1, waiting.created_at, 7)
    assert [command.error for command in found.newest_failed] == [f"Try {n}" for n in range(5)]


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, ConnectorState.ACTIVE),
        ({"portal_enabled": False}, ConnectorState.DISABLED),
        ({"provider_enabled": False}, ConnectorState.DISABLED),
        ({"state": "no_recent_contact"}, ConnectorState.NO_RECENT_CONTACT),
    ],
)
def test_the_connector_is_disabled_by_either_switch(values, state):
    connector = Connector(**{"provider": "built_in", "state": "active", **values})
    assert figures.connector_state(connector) == state


def test_without_a_connector_nothing_is_set_up(in_contoso):
    assert figures.connector_state(figures.built_in_connector()) == ConnectorState.NOT_SET_UP


def test_another_tenants_rows_never_count(in_contoso, fabrikam):
    rows.busy(fabrikam, [make_line_with_device(fabrikam) for _ in range(3)])
    found = figures.usage_figures(today=TODAY)
    assert found.is_empty and not found.countries
    assert figures.line_figures() == figures.LineFigures(0, 0, 0, 0)
    assert figures.alerts_today(now=NOW).count == 0
    commands = figures.command_figures(now=NOW)
    assert (commands.waiting, commands.failed, commands.newest_failed) == (0, 0, [])
    assert figures.beginning() == figures.Beginning(has_carrier=False, has_plan=False)
    with tenant_scope(fabrikam.pk):
        assert not figures.usage_figures(today=TODAY).is_empty
