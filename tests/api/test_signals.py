"""Signals of a provider outside: from the call through the gate to the device, and their end."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.actions.external import end_due
from connectors.actions.switch import create_built_in, set_enabled
from connectors.models import Connector, ConnectorState, Provider, Signal, SignalledRestriction
from devices.actions.devices import put_sim_in, take_sim_out
from devices.actions.restrictions import block_by_hand
from devices.models import Device, DeviceControl, RestrictionReason
from tests.api.conftest import code
from tests.usage_factories import make_device, make_line, make_line_with_device
from usage.models import LineSim
from usage.workers.evaluate import evaluate_due

MSISDN = "+31612345678"


@pytest.fixture
def phone(contoso, provider):
    """A line, and the phone its SIM is in."""
    return make_line_with_device(contoso, msisdn=MSISDN)


def body(action="block", **changes):
    changes = {"line": {"msisdn": MSISDN}} | changes if "device" not in changes else changes
    return {
        "id": str(uuid4()),
        "restriction": "roaming_data",
        "action": action,
        "reason": "Over 5 GB abroad",
        "occurred_at": timezone.now().isoformat(),
        **changes,
    }


def desired(device):
    with tenant_scope(device.tenant_id):
        return DeviceControl.objects.get(device=device).desired


def test_a_block_and_an_unblock_of_a_line_reach_its_device(program, phone):
    answer = program.send(body())
    assert (answer.status_code, answer.json()["outcome"]) == (201, "processed")
    assert desired(phone[1]) == ["roaming_data"]
    assert program.send(body("unblock")).json()["outcome"] == "processed"
    assert desired(phone[1]) == []


@pytest.mark.parametrize("number", ["imei", "serial", "udid"])
def test_a_device_is_found_by_each_of_its_numbers(contoso, program, phone, number):
    with tenant_scope(contoso.pk):
        Device.objects.filter(pk=phone[1].pk).update(**{number: "356938035643809"})
    assert program.send(body(device={number: "356938035643809"})).json()["outcome"] == "processed"
    assert desired(phone[1]) == ["roaming_data"]


def test_a_line_is_found_by_its_sim_and_by_its_national_number(contoso, program, phone):
    with tenant_scope(contoso.pk):
        sim = LineSim.objects.open().get(line=phone[0]).sim
        sim.iccid = "8931440000000000001"
        sim.save()
    for line in ({"iccid": sim.iccid}, {"msisdn": "0612345678"}, {"msisdn": "+31 6 12345678"}):
        assert program.send(body(line=line)).json()["outcome"] == "processed"


def test_the_reason_is_on_the_device_in_the_providers_words(contoso, program, phone):
    program.send(body(reason="  <b>Over</b> 5 GB  "))
    with tenant_scope(contoso.pk):
        assert RestrictionReason.objects.get().sentence == "The provider says: <b>Over</b> 5 GB"


def test_an_unblock_of_the_device_ends_what_was_asked_for_its_lines(contoso, program, phone):
    program.send(body())
    imei = phone[1].imei
    program.send(body(device={"imei": imei}))
    program.send(body("unblock", device={"imei": imei}))
    assert desired(phone[1]) == []
    with tenant_scope(contoso.pk):
        assert not SignalledRestriction.objects.exists()


def test_other_reasons_stay(contoso, program, phone, alice):
    with tenant_scope(contoso.pk):
        block_by_hand(device=phone[1], restriction="roaming_data", by=alice, reason="Theft")
    program.send(body())
    program.send(body("unblock"))
    assert desired(phone[1]) == ["roaming_data"]


# --- what is kept without being executed --------------------------------------------------------


def test_nobody_is_found_and_that_is_kept(contoso, program, phone):
    for about, reason in (
        ({"device": {"imei": "999999999999999"}}, "No device has this number."),
        ({"line": {"msisdn": "+31699999999"}}, "No active line has this number."),
    ):
        answer = program.send(body(**about))
        assert (answer.status_code, answer.json()["outcome"]) == (201, "rejected")
        assert answer.json()["reason"] == reason
    with tenant_scope(contoso.pk):
        assert Signal.objects.filter(outcome="rejected").count() == 2


@pytest.mark.parametrize(
    ("state", "portal", "side", "outcome"),
    [
        ("active", True, True, "processed"),
        ("no_recent_contact", True, True, "processed"),
        ("active", False, True, "ignored"),
        ("active", True, False, "ignored"),
        ("disabled", True, True, "ignored"),
        ("not_set_up", True, True, "rejected"),
        ("awaiting_consent", True, True, "rejected"),
        ("validation_failed", True, True, "rejected"),
    ],
)
def test_the_connectors_state_decides(
    contoso, program, phone, provider, state, portal, side, outcome
):
    Connector.objects.filter(pk=provider.pk).update(
        state=state, portal_enabled=portal, provider_enabled=side
    )
    assert program.send(body()).json()["outcome"] == outcome
    assert desired(phone[1]) == (["roaming_data"] if outcome == "processed" else [])
    provider.refresh_from_db()
    assert provider.last_connection_at is not None  # in contact, whatever became of it


def test_every_state_is_in_the_table_above():
    assert len(ConnectorState) == 6


def test_the_same_signal_again_is_a_duplicate_that_tells_the_first_outcome(program, phone):
    signal = body()
    program.send(signal)
    again = program.send(signal)
    assert (again.status_code, again.json()["outcome"]) == (200, "duplicate")
    assert again.json()["first"] == "processed"


def test_an_id_on_another_signal_is_refused_and_nothing_kept(contoso, program, phone):
    signal = body()
    program.send(signal)
    answer = program.send({**signal, "action": "unblock"})
    assert (answer.status_code, code(answer)) == (409, "signal_id_reused")
    assert desired(phone[1]) == ["roaming_data"]
    with tenant_scope(contoso.pk):
        assert Signal.objects.count() == 1


def test_a_signal_that_comes_late_undoes_no_later_one(program, phone):
    earlier = (timezone.now() - timedelta(minutes=1)).isoformat()
    program.send(body("unblock"))
    late = program.send(body(occurred_at=earlier))
    assert late.json()["outcome"] == "ignored"
    assert desired(phone[1]) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "x"},
        {"action": "toggle"},
        {"restriction": "sms"},
        {"reason": ""},
        {"reason": "x" * 201},
        {"occurred_at": "yesterday"},
        {"occurred_at": "2026-01-01T00:00:00"},
        {"occurred_at": "9999-12-31T23:59:59+00:00"},
        {"line": {"msisdn": "12"}},
        {"line": {"msisdn": "1", "iccid": "2"}},
        {"line": {}},
        {"line": {"msisdn": None}},
        {"line": {"msisdn": "x" * 41}},
        {"line": None},
        {"device": None, "line": None},
        {"line": {"imsi": "1"}},
        {"connector": "x"},
    ],
    ids=range(17),
)
def test_what_is_not_in_order_is_named_and_nothing_kept(contoso, program, phone, bad):
    answer = program.send({**body(), **bad})
    assert (answer.status_code, code(answer)) == (422, "invalid")
    assert answer.json()["error"]["details"][0]["field"]
    with tenant_scope(contoso.pk):
        assert not Signal.objects.exists()


def test_where_several_connectors_listen_one_is_named(contoso, program, phone, provider):
    with tenant_scope(contoso.pk):
        built_in = create_built_in()
        Connector.objects.create(provider=Provider.DATALERT, display_name="Datalert")
    assert code(program.send(body())) == "invalid"
    assert program.send(body(connector=provider.pk)).json()["outcome"] == "processed"
    assert code(program.send(body(connector=built_in.pk))) == "connector_not_set_up"


# --- how a provider's block ends ----------------------------------------------------------------


def test_a_block_ends_with_the_billing_cycle(contoso, program, phone):
    program.send(body())
    program.send(body(restriction="cellular_data", device={"imei": phone[1].imei}))
    with tenant_scope(contoso.pk):
        ends = SignalledRestriction.objects.values_list("ends_at", flat=True)
        last, first = max(ends), min(ends)
    assert last == first > timezone.now()
    assert end_due(now=first - timedelta(seconds=1)) == 0
    assert desired(phone[1]) == ["cellular_data", "roaming_data"]
    assert end_due(now=first) == 2
    assert desired(phone[1]) == []
    assert end_due(now=first) == 0
    with tenant_scope(contoso.pk):
        ended = Signal.objects.filter(reason="provider_cycle_ended")
        assert {signal.outcome for signal in ended} == {"processed"}


def test_a_device_without_a_line_has_calendar_months(contoso, program, provider):
    device = make_device(contoso)
    assert program.send(body(device={"imei": device.imei})).json()["outcome"] == "processed"
    with tenant_scope(contoso.pk):
        ends = SignalledRestriction.objects.get().ends_at.astimezone(contoso.zone)
    assert (ends.day, ends.hour, ends.minute) == (1, 0, 0)


def test_turning_off_ends_it_and_turning_on_replays_nothing(
    contoso, program, phone, provider, alice
):
    program.send(body())
    program.send(body(device={"imei": phone[1].imei}))
    for enabled in (False, True):
        set_enabled(connector=provider, enabled=enabled, by=alice, now=timezone.now())
        assert desired(phone[1]) == []
        if not enabled:
            assert program.send(body()).json()["outcome"] == "ignored"
    evaluate_due(now=timezone.now())
    assert desired(phone[1]) == []


def test_a_block_follows_the_sim_to_another_phone(contoso, program, phone):
    line, old = phone
    program.send(body())
    with tenant_scope(contoso.pk):
        sim = LineSim.objects.open().get(line=line).sim
        new = make_device(contoso)
        put_sim_in(device=new, sim=sim, now=timezone.now(), by=None, slot=2)
        evaluate_due(now=timezone.now())
    assert desired(old) == []
    with tenant_scope(contoso.pk):
        # The second SIM of the new phone carries no data, so the block waits.
        assert SignalledRestriction.objects.get().outcome == "held"
        take_sim_out(sim=sim, now=timezone.now(), by=None)
        put_sim_in(device=old, sim=sim, now=timezone.now(), by=None)
        evaluate_due(now=timezone.now())
    assert desired(old) == ["roaming_data"]


def test_a_block_of_a_line_in_no_phone_waits_for_one(contoso, program, provider):
    line = make_line(contoso, msisdn=MSISDN)
    assert program.send(body()).json()["outcome"] == "held"
    device = make_device(contoso)
    with tenant_scope(contoso.pk):
        sim = LineSim.objects.open().get(line=line).sim
        put_sim_in(device=device, sim=sim, now=timezone.now(), by=None, slot=1)
        evaluate_due(now=timezone.now())
    assert desired(device) == ["roaming_data"]
