"""The Graph client against the pretend cloud: patient, bounded, and careful with its token."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from common import entra
from common.outgoing import BoundedSession
from common.tenancy import tenant_scope
from connectors import graph as errors
from connectors.graph import BatchRequest, graph_client
from connectors.graph_limits import FAILURES, Limits
from connectors.graph_waits import LONGEST, MOST_BACK_OFF, asked_for, back_off
from sandbox.cloud import seed
from sandbox.models import CloudConsent, CloudRegistration, CloudTenant, Fault

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PARTNERS = "deviceManagement/telecomExpenseManagementPartners"


def set_fault(fault: Fault, answers: int | None = None) -> None:
    CloudTenant.objects.filter(pk=seed.CONTOSO.id).update(fault=fault, faults_left=answers)


def graph_calls(inside) -> list[requests.PreparedRequest]:
    return [request for request in inside.sent if "/graph/" in request.url]


# --- answers ----------------------------------------------------------------------------------


def test_objects_pages_and_changes(client_of_graph):
    client = client_of_graph()
    assert client.get("organization")["value"][0]["displayName"] == "Contoso"
    pages = list(client.pages("users", top=10, select="id"))
    assert [len(page.items) for page in pages] == [10, 10, 10, 6]
    resumed = list(client.pages(pages[1].next_link))
    assert [page.items for page in resumed] == [page.items for page in pages[2:]]
    assert len(list(client.items("deviceManagement/managedDevices"))) == 12
    made = client.post(PARTNERS, {"displayName": "TEM portal"})
    changed = client.patch(f"{PARTNERS}/{made['id']}", {"enabled": True})
    assert changed["enabled"] is True
    client.delete(f"{PARTNERS}/{made['id']}")
    with pytest.raises(errors.NotFound) as caught:
        client.get(f"{PARTNERS}/{made['id']}")
    assert caught.value.reference


def test_filters_and_odd_ids_arrive_as_they_were_meant(client_of_graph):
    client = client_of_graph()
    person = client.get("users/alice@contoso.example")
    found = client.get("users", filter="userPrincipalName eq 'alice@contoso.example'")["value"]
    assert [item["id"] for item in found] == [person["id"]]
    with pytest.raises(errors.NotFound):
        client.get("users/a b?c#d")


def test_a_delta_link_is_kept_and_followed(client_of_graph):
    client = client_of_graph()
    *_rest, last = client.pages("users/delta", select="displayName")
    assert last.delta_link and not last.next_link
    [now] = client.pages(last.delta_link)
    assert now.items == []
    CloudTenant.objects.filter(pk=seed.CONTOSO.id).update(delta_floor=10**6)
    with pytest.raises(errors.StartAgain):
        list(client.pages(last.delta_link))


def test_batches_of_more_than_twenty_answer_each_by_id(client_of_graph, inside):
    client = client_of_graph()
    people = [item["id"] for item in client.items("users", select="id")][:24]
    wanted = [BatchRequest(person, f"/users/{person}?$select=id") for person in people]
    answers = client.batch([*wanted, BatchRequest("x", "/users/nobody")])
    assert len(answers) == 25
    assert {a.body["id"] for key, a in answers.items() if key != "x"} == set(people)
    assert isinstance(answers["x"].error, errors.NotFound)
    assert sum("$batch" in request.url for request in inside.sent) == 2


# --- faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "waits"), [(Fault.THROTTLED, [2.0, 2.0]), (Fault.THROTTLED_FRACTION, [0.25, 0.25])]
)
def test_throttling_is_waited_out_exactly_as_asked(client_of_graph, fault, waits, monkeypatch):
    paused = []
    monkeypatch.setattr(Limits, "pause", lambda self, seconds: paused.append(seconds))
    set_fault(fault, 2)
    client = client_of_graph()
    assert client.get("organization")["value"]
    assert client.slept == paused == waits


def test_without_a_time_it_backs_off_by_itself(client_of_graph):
    set_fault(Fault.THROTTLED_SILENT, 1)
    client = client_of_graph()
    client.limits = Unlimited(tenant_id=0, provider="test")
    assert client.get("organization")["value"]
    assert 0.25 <= sum(client.slept) <= 0.5


def test_an_absurd_time_is_reported_and_not_slept(client_of_graph, inside):
    set_fault(Fault.THROTTLED_ABSURD)
    client = client_of_graph()
    with pytest.raises(errors.GraphThrottled) as caught:
        client.get("organization")
    assert caught.value.retry_after == LONGEST
    assert client.slept == []
    before = len(graph_calls(inside))
    with pytest.raises(errors.GraphThrottled):  # nobody else asks either, until then
        client_of_graph().get("organization")
    assert len(graph_calls(inside)) == before


class Unlimited(Limits):
    def wait(self) -> float:
        return 0.0

    def pause(self, seconds: float) -> None:
        pass


def test_a_burst_of_server_errors_is_survived(client_of_graph):
    set_fault(Fault.FAILING, 3)
    client = client_of_graph()
    assert client.get("organization")["value"]
    assert len(client.slept) == 3


def test_an_outage_opens_the_circuit_and_one_call_tries_later(client_of_graph, inside, monkeypatch):
    set_fault(Fault.FAILING)
    with pytest.raises(errors.GraphUnavailable):
        client_of_graph().get("organization")
    before = len(graph_calls(inside))
    with pytest.raises(errors.CircuitOpen):
        client_of_graph().get("organization")
    assert len(graph_calls(inside)) == before >= FAILURES
    set_fault(Fault.NONE)
    limits = client_of_graph().limits
    limits._ask(lambda server: server.delete(limits._key("tried")), None)  # its time ran out
    assert client_of_graph().get("organization")["value"]
    assert client_of_graph().get("users", top=1)["value"]  # closed again


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.ENDLESS, Fault.FOREIGN_LINK])
def test_nonsense_is_a_bad_answer_and_the_token_stays_at_home(
    client_of_graph, inside, fault, monkeypatch
):
    monkeypatch.setattr("common.outgoing.MOST_BYTES", 1_000_000)
    set_fault(fault)
    with pytest.raises(errors.BadAnswer):
        list(client_of_graph().pages("users"))
    assert all(request.url.startswith("http://testserver/") for request in inside.sent)


def test_a_foreign_link_handed_in_is_refused_before_anything_is_sent(client_of_graph, inside):
    client = client_of_graph()
    for link in (
        "https://graph.foreign.invalid/v1.0/users",
        "http://testserver.evil.example/sandbox/graph/v1.0/users",
        "http://testserver@evil.example/sandbox/graph/v1.0/users",
    ):
        with pytest.raises(errors.BadAnswer):
            client._call("GET", link)
    assert inside.sent == []


def test_a_session_talks_to_its_own_hosts_only():
    session = BoundedSession(origins=("https://graph.microsoft.com",))
    for url in ("https://example.com/", "http://graph.microsoft.com/", "http://169.254.169.254/"):
        with pytest.raises(requests.RequestException, match="not a host"):
            session.get(url)


def test_a_lost_answer_to_a_change_is_not_sent_again(client_of_graph, inside, monkeypatch):
    client = client_of_graph()
    client.get("organization")
    send = inside.send

    def lost(request, **kwargs):
        answer = send(request, **kwargs)
        if request.method == "POST" and "/graph/" in request.url:
            raise requests.ConnectionError("reset")
        return answer

    monkeypatch.setattr(inside, "send", lost)
    with pytest.raises(errors.OutcomeUnknown):
        client.post(PARTNERS, {"displayName": "Once"})
    assert [item["displayName"] for item in client.items(PARTNERS)] == ["Once"]


def test_consent_secret_and_rights_are_told_apart(client_of_graph):
    with pytest.raises(errors.NotAllowed) as caught:
        client_of_graph("tem_app").get("subscribedSkus")
    assert (caught.value.status, caught.value.code) == (403, "Authorization_RequestDenied")
    client = client_of_graph()
    client.get("organization")
    set_fault(Fault.EXPIRED_CONSENT)
    with pytest.raises(errors.NotAllowed):  # with the token it still has
        client.get("organization")
    entra.forget_everything()
    with pytest.raises(entra.ConsentMissing) as refused:
        client.get("organization")
    assert (refused.value.number, bool(refused.value.reference)) == (700016, True)
    set_fault(Fault.EXPIRED_SECRET)
    with pytest.raises(entra.SecretRefused):
        client.get("organization")
    set_fault(Fault.NONE)  # mended: counts at once, although MSAL repeats a refusal for a minute
    assert client.get("organization")["value"]


def test_a_token_that_is_refused_is_replaced_once(client_of_graph, inside):
    client = client_of_graph()
    client.get("organization")
    from sandbox.models import CloudKey

    CloudKey.objects.update(kid="rotated")
    assert client.get("organization")["value"]
    CloudRegistration.objects.filter(name="TEM portal connection").update(secret_hashes=[])
    entra.forget_everything()
    with pytest.raises(entra.SecretRefused):
        client.get("organization")


def test_no_token_and_no_secret_in_logs_and_errors(client_of_graph, inside, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    client = client_of_graph()
    client.get("organization")
    token = graph_calls(inside)[0].headers["Authorization"].partition(" ")[2]
    for fault in (Fault.THROTTLED_ABSURD, Fault.EXPIRED_SECRET):
        set_fault(fault)
        entra.forget_everything()
        with pytest.raises((errors.GraphError, entra.EntraError)) as caught:
            client.get("organization")
        caplog.records.append(logging.makeLogRecord({"msg": f"{caught.value!r} {client!r}"}))
    written = caplog.text + repr([r.msg for r in caplog.records]) + "".join(capsys.readouterr())
    assert token not in written
    assert "sandbox-secret" not in written


def test_one_tenant_cannot_use_up_what_another_needs(connected, fabrikam, db):
    one = Limits(tenant_id=connected.pk, provider="graph", rate=5)
    waits = [one.wait() for _n in range(12)]
    assert waits[:10] == [0.0] * 10
    assert waits[-1] > 0
    assert Limits(tenant_id=fabrikam.pk, provider="graph", rate=5).wait() == 0.0


def test_without_redis_there_is_no_limit_and_no_failure(client_of_graph, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client_of_graph().get("organization")["value"]


@pytest.mark.django_db(transaction=True)
def test_over_real_http_with_msal_as_it_is(connected, live_server, settings):
    settings.SANDBOX_ORIGIN = live_server.url
    entra.forget_everything()
    with tenant_scope(connected.pk):
        client = graph_client(
            tenant=connected, directory_id=str(seed.CONTOSO.id), purpose="connection"
        )
    pages = list(client.pages("auditLogs/signIns", top=60))
    assert len(pages) == 3
    assert pages[0].next_link.startswith(live_server.url)
    CloudConsent.objects.all().delete()
    with pytest.raises(errors.NotAllowed):
        client.get("users")
    entra.forget_everything()


# --- waits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("2", 2.0),
        ("2.128", 2.128),
        (" 0.25 ", 0.25),
        ("0", 0.0),
        ("864000", LONGEST),
        ("inf", LONGEST),
        ("1e400", LONGEST),
        ("9" * 200, None),
        ("Wed, 25 Nov 2026 12:00:30 GMT", 30.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("Wed, 99 Nov 2026 11:00:00 GMT", None),
    ],
)
def test_every_form_of_retry_after(header, seconds):
    assert asked_for(header, now=NOW) == seconds


@given(st.text(max_size=120))
def test_whatever_a_header_says_the_wait_is_within_bounds(text):
    found = asked_for(text, now=NOW)
    assert found is None or 0 <= found <= LONGEST


@given(st.integers(1, 60), st.floats(0, 1))
def test_back_off_grows_and_ends(attempt, jitter):
    wait = back_off(attempt, jitter=jitter)
    assert 0 < wait <= MOST_BACK_OFF
    assert back_off(attempt + 1, jitter=jitter) >= wait or wait == MOST_BACK_OFF


def test_a_naive_date_is_utc():
    assert asked_for("Wed, 25 Nov 2026 12:00:05 -0000", now=NOW - timedelta(seconds=5)) == 10.0
