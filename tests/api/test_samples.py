"""POST /api/v1/usage/samples: an answer for each sample, and nothing counted twice."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from devices.models import Device, DeviceCategory
from tests.api.conftest import code, token_for
from tests.usage_factories import make_line, make_line_with_device
from usage.models import CounterReading, UsageCounter, UsageRecord
from usage.partitions import ensure_partitions

MSISDN = "+31612345678"
PATH = "/api/v1/usage/samples"


@pytest.fixture
def phone(contoso):
    ensure_partitions(today=timezone.now().date())
    return make_line_with_device(contoso, msisdn=MSISDN)


def interval(**changes):
    now = timezone.now()
    return {
        "id": str(uuid4()), "line": {"msisdn": MSISDN},
        "started_at": (now - timedelta(minutes=5)).isoformat(), "ended_at": now.isoformat(),
        "mcc": "204", "country": "NL", "roaming": False, "bytes_in": 1000, "bytes_out": 24,
        **changes,
    }  # fmt: skip


def counter(phone, **changes):
    return {
        "id": str(uuid4()), "device": {"imei": phone.imei},
        "sampled_at": timezone.now().isoformat(), "boot_id": "7", "interface": "rmnet0",
        "bits": 64, "counter_in": 0, "counter_out": 0, "mcc": "206", "country": "BE",
        "roaming": True, **changes,
    }  # fmt: skip


def send(program, *samples, **headers):
    return program.send({"samples": list(samples)}, PATH, **headers)


def volumes(tenant):
    with tenant_scope(tenant.pk):
        return dict(UsageCounter.objects.filter(source="agent").values_list("country", "volume"))


def test_samples_of_both_kinds_are_counted_once(contoso, program, phone):
    line, device = phone
    one, two = interval(), interval(bytes_in=0, bytes_out=1, line={"msisdn": "06 12345678"})
    early = (timezone.now() - timedelta(minutes=1)).isoformat()
    readings = counter(device, sampled_at=early), counter(device, counter_in=70, counter_out=7)
    answer = send(program, one, two, *readings)
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 4, "duplicate": 0, "unmatched": 0, "rejected": []}
    assert volumes(contoso) == {"NL": 1025, "BE": 77}
    again = send(program, two, *readings, one, one)
    assert again.json() == {"accepted": 0, "duplicate": 5, "unmatched": 0, "rejected": []}
    assert volumes(contoso) == {"NL": 1025, "BE": 77}
    with tenant_scope(contoso.pk):
        assert UsageRecord.objects.filter(line=line).count() == 3


def test_the_same_id_with_another_start_is_another_sample(contoso, program, phone):
    first = interval()
    other = {**first, "started_at": (timezone.now() - timedelta(hours=1)).isoformat()}
    assert send(program, first, other).json()["accepted"] == 2


def test_a_line_is_found_by_each_of_its_numbers(contoso, program, phone):
    made = make_line(contoso, reference="A-7", iccid="8931440400000000001", imsi="204080000000001")
    keys = {"reference": "A-7", "iccid": "8931440400000000001", "imsi": "204080000000001"}
    samples = [interval(line={kind: value}) for kind, value in keys.items()]
    assert send(program, *samples).json()["accepted"] == 3
    with tenant_scope(contoso.pk):
        assert UsageRecord.objects.filter(line=made).count() == 3


@pytest.mark.parametrize(
    ("change", "country"),
    [
        ({"country": None, "mcc": None, "roaming": None}, "NL"),
        ({"country": None, "mcc": "206", "roaming": None}, "BE"),
        ({"country": None, "mcc": "901", "roaming": None}, "NL"),
        ({"country": "US", "mcc": "206", "roaming": None}, "US"),
        ({"country": "BE", "mcc": "206", "roaming": False}, "NL"),
        ({"country": None, "mcc": None, "roaming": True}, "ZZ"),
        ({"country": "NL", "mcc": "204", "roaming": True}, "ZZ"),
        ({"country": "DE", "mcc": None, "roaming": True}, "DE"),
    ],
)
def test_the_devices_word_on_roaming_goes_before_country_and_network(
    contoso, program, phone, change, country
):
    assert send(program, interval(**change)).json()["accepted"] == 1
    assert volumes(contoso) == {country: 1024}


def moved(**by):
    return (timezone.now() + timedelta(**by)).isoformat()


@pytest.mark.parametrize(
    ("change", "why", "said"),
    [
        ({"bytes_in": -1}, "invalid", "bytes_in"),
        ({"bytes_in": "5"}, "invalid", "bytes_in"),
        ({"bytes_in": 1.5}, "invalid", "bytes_in"),
        ({"bytes_in": True}, "invalid", "bytes_in"),
        ({"bytes_in": 2**64}, "invalid", "bytes_in"),
        ({"bytes_in": 10**15 + 1}, "too_much", "more than a line"),
        ({"id": "7"}, "invalid", "id"),
        ({"line": {}}, "invalid", "exactly one of"),
        ({"line": {"msisdn": MSISDN, "imsi": "204080000000001"}}, "invalid", "exactly one of"),
        ({"line": {"msisdn": "hello"}}, "bad_line", "not a phone number"),
        ({"line": {"iccid": "12"}}, "bad_line", "not an ICCID"),
        ({"line": {"reference": "x" * 65}}, "invalid", "line.reference"),
        ({"started_at": 1_790_000_000}, "invalid", "write a time with its offset"),
        ({"started_at": "2026-01-01T00:00:00"}, "invalid", "started_at"),
        ({"started_at": moved(days=2), "ended_at": None}, "bad_time", "in the future"),
        ({"started_at": moved(days=-731)}, "bad_time", "24 months ago"),
        ({"ended_at": moved(days=-1)}, "bad_time", "ended before"),
        ({"started_at": "0001-01-01T00:00:00Z"}, "bad_time", "24 months ago"),
        ({"country": "Belgium"}, "invalid", "country"),
        ({"mcc": "20"}, "invalid", "mcc"),
        ({"roaming": "yes"}, "invalid", "roaming"),
        ({"colour": "red"}, "invalid", "colour"),
    ],
)
def test_one_bad_sample_is_told_with_its_place_and_costs_no_other(
    contoso, program, phone, change, why, said
):
    answer = send(program, interval(), interval(**change), interval())
    body = answer.json()
    assert answer.status_code == 200
    assert body["accepted"] == 2
    assert [(one["index"], one["code"]) for one in body["rejected"]] == [(1, why)]
    assert said in body["rejected"][0]["message"]
    assert volumes(contoso) == {"NL": 2048}


@pytest.mark.parametrize("raw", [None, 5, "x", [], {}, {"device": 5}, [[[]]]])
def test_what_is_no_sample_at_all_is_rejected_by_itself(program, phone, raw):
    body = send(program, raw, interval()).json()
    assert (body["accepted"], body["rejected"][0]["code"]) == (1, "invalid")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"bits": 16}, "invalid"),
        ({"bits": 32, "counter_in": 2**32}, "too_much"),
        ({"counter_out": 2**62}, "too_much"),
        ({"interface": "a b"}, "invalid"),
        ({"boot_id": "é"}, "invalid"),
        ({"sampled_at": moved(hours=1)}, "bad_time"),
    ],
)
def test_bad_readings_are_told_apart(contoso, program, phone, change, why):
    body = send(program, counter(phone[1], **change)).json()
    assert [one["code"] for one in body["rejected"]] == [why]
    with tenant_scope(contoso.pk):
        assert not CounterReading.objects.exists()


def test_unmatched_and_personal_ones_are_told_and_not_counted(contoso, program, phone):
    _line, device = phone
    with tenant_scope(contoso.pk):
        personal = DeviceCategory.objects.create(name="Own", is_personal=True)
        Device.objects.filter(pk=device.pk).update(category=personal)
    unknown = counter(device, device={"serial": "NOBODY"})
    body = send(program, interval(line={"msisdn": "+31612000000"}), unknown, interval()).json()
    assert (body["accepted"], body["unmatched"]) == (0, 2)
    assert [(one["index"], one["code"]) for one in body["rejected"]] == [(2, "personal")]
    assert volumes(contoso) == {}


def test_lines_of_other_tenants_do_not_exist(contoso, fabrikam, program, charlie):
    ensure_partitions(today=timezone.now().date())
    _line, device = make_line_with_device(fabrikam, msisdn=MSISDN)
    assert send(program, interval(), counter(device)).json()["unmatched"] == 2
    theirs = token_for(charlie, fabrikam, "usage:write")
    assert send(theirs, interval()).json()["accepted"] == 1
    assert volumes(contoso) == {}


def test_the_batch_is_bounded_and_the_scope_is_needed(contoso, alice, program, phone):
    assert code(send(program)) == "invalid"
    assert code(send(program, *[interval()] * 501)) == "invalid"
    assert code(program.send({"samples": [interval()], "x": 1}, PATH)) == "invalid"
    assert code(program.send(b"{", PATH)) == "invalid_json"
    assert code(send(token_for(alice, contoso, "signals:write"), interval())) == "scope_missing"
    assert send(program, *[interval() for _ in range(500)]).json()["accepted"] == 500


def test_a_repeated_idempotency_key_is_answered_with_the_first_answer(contoso, program, phone):
    body = json.dumps({"samples": [interval()]}).encode()
    answers = [program.send(body, PATH, **{"Idempotency-Key": "k1"}).json() for _ in range(2)]
    assert [answer["accepted"] for answer in answers] == [1, 1]
    assert volumes(contoso) == {"NL": 1024}


def test_a_batch_costs_the_same_statements_for_three_and_for_five_hundred(
    contoso, program, phone, django_assert_max_num_queries
):
    _line, device = phone
    for count in (3, 250):
        now = timezone.now()
        readings = [
            counter(device, sampled_at=(now - timedelta(seconds=n)).isoformat(),
                    counter_in=10**6 - n)
            for n in range(count)
        ]  # fmt: skip
        with django_assert_max_num_queries(45):
            send(program, *[interval() for _ in range(count)], *readings)
