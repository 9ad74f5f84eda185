"""The list of alerts, and acknowledging those that were chosen in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts import actions
from alerts.actions import NewAlert, acknowledge, raise_alerts
from alerts.models import Alert
from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tests.dashboard.rows import alert
from tests.usage_factories import make_line

pytestmark = pytest.mark.django_db
ALERTS = "/t/contoso/alerts/"
ACKNOWLEDGE = f"{ALERTS}acknowledge/"


@pytest.fixture
def line(contoso):
    return make_line(contoso, msisdn="+31612345678")


def shown(client, **query):
    return [row.pk for row in client.get(ALERTS, query).context["alerts"].rows]


def states(tenant):
    with tenant_scope(tenant.pk):
        return dict(Alert.objects.values_list("pk", "state"))


def test_alerts_are_found_by_line_state_severity_and_day(contoso, line, alice, client_for):
    now = timezone.now()
    client = client_for(alice)
    here = alert(line, now, severity="critical")
    seen = alert(
        line, now - timedelta(days=3), state="acknowledged", acknowledged_at=now,
    )  # fmt: skip
    other = alert(make_line(contoso), now - timedelta(days=40))
    assert shown(client) == [here.pk, seen.pk, other.pk]
    assert shown(client, sort="raised") == [other.pk, seen.pk, here.pk]
    assert shown(client, q="06 1234 5678") == [here.pk, seen.pk]
    assert shown(client, state="open") == [here.pk, other.pk]
    assert shown(client, severity="critical") == [here.pk]
    assert shown(client, when="today") == [here.pk]
    assert shown(client, when="week") == [here.pk, seen.pk]
    page = client.get(ALERTS, {"state": "open"}).content.decode()
    assert f'href="/t/contoso/lines/{line.pk}/">{line.label}</a>' in page


def test_a_list_of_thirty_alerts_costs_the_queries_of_three(contoso, alice, client_for):
    client = client_for(alice)
    counts = []
    for wanted in (3, 27):
        for _number in range(wanted):
            alert(make_line(contoso), timezone.now())
        client.get(ALERTS)
        with CaptureQueriesContext(connection) as queries:
            client.get(ALERTS)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_chosen_alerts_are_counted_acknowledged_once_and_on_record(
    contoso, line, alice, client_for
):
    first, second, third = (alert(line, timezone.now()) for _n in range(3))
    client = client_for(alice)
    url = f"{ACKNOWLEDGE}?pick={first.pk}&pick={second.pk}&filters=state%3Dopen"
    asked = client.get(url).content.decode()
    assert "Acknowledge 2 alerts" in asked
    assert set(states(contoso).values()) == {"open"}
    answer = client.post(url, {"note": "Called the user."})
    assert answer.headers["Location"] == f"{ALERTS}?state=open"
    assert states(contoso) == {
        first.pk: "acknowledged", second.pk: "acknowledged", third.pk: "open",
    }  # fmt: skip
    client.post(url, {"note": "Again."})
    with tenant_scope(contoso.pk):
        events = AuditEvent.objects.filter(action="alert.acknowledged")
        assert {event.reason for event in events} == {"Called the user."}
        assert events.count() == 2
        assert Alert.objects.get(pk=first.pk).acknowledged_by == alice


def test_all_that_match_are_those_of_the_filter_and_of_every_page(contoso, alice, client_for):
    now = timezone.now()
    mine, theirs = make_line(contoso), make_line(contoso)
    many = [alert(mine, now).pk for _n in range(53)]
    other = alert(theirs, now)
    client = client_for(alice)
    page = client.get(ALERTS, {"q": mine.label}).content.decode()
    assert "all 53 that match" in page
    answer = client.post(f"{ACKNOWLEDGE}?all=1&filters=q%3D%2B{mine.label[1:]}", {"note": ""})
    assert answer.status_code == 302
    after = states(contoso)
    assert {after[pk] for pk in many} == {"acknowledged"}
    assert after[other.pk] == "open"


def test_what_cannot_be_chosen_changes_nothing(contoso, fabrikam, alice, client_for):
    theirs = alert(make_line(fabrikam), timezone.now())
    client = client_for(alice)
    for query in ("", f"pick={theirs.pk}", "pick=x&pick=%00&pick=-1", f"pick={'9' * 40}"):
        answer = client.post(f"{ACKNOWLEDGE}?{query}", {"note": ""}, follow=True)
        assert "No open alert was chosen." in answer.content.decode()
    assert states(fabrikam) == {theirs.pk: "open"}


def test_more_than_one_act_may_take_is_refused_whole(contoso, line, alice, client_for, monkeypatch):
    monkeypatch.setattr(actions, "MOST", 2)
    for _number in range(3):
        alert(line, timezone.now())
    answer = client_for(alice).post(f"{ACKNOWLEDGE}?all=1", {"note": ""})
    assert answer.status_code == 422
    assert "more than 2 alerts" in answer.content.decode()
    assert set(states(contoso).values()) == {"open"}


def test_who_only_reads_is_offered_no_choice(line, arthur, client_for):
    alert(line, timezone.now())
    page = client_for(arthur).get(ALERTS).content.decode()
    assert 'name="pick"' not in page
    assert client_for(arthur).get(ACKNOWLEDGE).status_code == 403


def test_an_alert_that_returns_has_been_seen_by_nobody(in_contoso, line, alice):
    new = NewAlert("x" * 64, "usage_limit", "line", line.pk, "warning", "limit_near")
    now = timezone.now()
    raise_alerts(alerts=[new], now=now)
    acknowledge(alerts=Alert.objects.all(), note="Seen.", now=now, by=alice)
    Alert.objects.update(state="resolved", resolved_at=now)
    raise_alerts(alerts=[new], now=now)
    back = Alert.objects.get()
    assert (back.state, back.acknowledged_at, back.acknowledged_note) == ("open", None, "")
