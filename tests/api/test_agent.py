"""The agent's calls: a phone fetches its own command, answers once, and reports its own SIMs."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from devices.actions import devices
from devices.actions.device_tokens import give_token, revoke_token
from devices.actions.restrictions import block_by_hand, release_by_hand
from devices.models import Command, Device, DeviceControl
from devices.workers.enforce import enforce_due
from tests.api.conftest import Program, code
from tests.usage_factories import SimFactory, make_line_with_device
from usage.models import UsageCounter
from usage.partitions import ensure_partitions

COMMANDS, RESULTS, USAGE = (f"/api/v1/agent/{name}" for name in ("commands", "results", "usage"))
CELLULAR = "cellular_data"
_NUMBERS = iter(range(70_000_000, 80_000_000))


class Phone(Program):
    """A Galaxy with a token of its own, which calls as the agent does."""

    device: Device

    def fetch(self):
        answer = self.send(b"", COMMANDS, "GET")
        assert answer.status_code == 200, answer.content
        return answer.json()["commands"]

    def tell(self, **result):
        return self.send(result, RESULTS)

    def use(self, *samples):
        return self.send({"samples": list(samples)}, USAGE).json()


def galaxy(tenant, platform="knox", **numbers) -> Phone:
    _line, device = make_line_with_device(tenant, msisdn=f"+316{next(_NUMBERS):08d}", **numbers)
    with tenant_scope(tenant.pk):
        Device.objects.filter(pk=device.pk).update(platform=platform, management_mode="DO")
        phone = Phone(give_token(device=device, now=timezone.now(), by=None))
    phone.device = device
    return phone


def block(tenant, phone, by):
    with tenant_scope(tenant.pk):
        block_by_hand(device=phone.device, restriction=CELLULAR, by=by, reason="lost")
    enforce_due(now=timezone.now())


def command_of(tenant, phone) -> Command:
    with tenant_scope(tenant.pk):
        return Command.objects.filter(device=phone.device).order_by("-created_at").first()


def done(command, *readings, **changes):
    calls = [{"returned": None, "verified": reading, "error": None} for reading in readings]
    return {
        "command_uuid": command["command_uuid"], "status": "SUCCESS", "calls": calls,
        "reported_at": "2026-11-26T08:00:00Z", "knox_api_level": 37, "management_mode": "DO",
        **changes,
    }  # fmt: skip


@pytest.fixture
def phone(contoso):
    ensure_partitions(today=timezone.now().date())
    return galaxy(contoso)


def test_a_phone_fetches_its_command_and_its_result_verifies_it(contoso, alice, phone):
    assert phone.fetch() == []
    block(contoso, phone, alice)
    [command] = phone.fetch()
    row = command_of(contoso, phone)
    assert command == json.loads(bytes(row.payload))
    assert (row.status, row.delivered_at is not None) == ("delivered", True)
    assert phone.fetch() == [command], "given out until it is answered"
    answer = phone.tell(**done(command, True, False))
    assert answer.json() == {
        "command_uuid": command["command_uuid"], "status": "verified", "duplicate": False,
    }  # fmt: skip
    assert phone.fetch() == []
    with tenant_scope(contoso.pk):
        assert DeviceControl.objects.get(device=phone.device).observed == [CELLULAR]


def test_the_same_result_again_changes_nothing_and_another_one_is_refused(contoso, alice, phone):
    block(contoso, phone, alice)
    [command] = phone.fetch()
    result = done(command, True, False)
    phone.tell(**result)
    before = command_of(contoso, phone)
    assert phone.tell(**result).json()["duplicate"] is True
    assert code(phone.tell(**done(command, False, True))) == "already_answered"
    after = command_of(contoso, phone)
    assert (bytes(after.answer), after.answered_at) == (bytes(before.answer), before.answered_at)
    with tenant_scope(contoso.pk):
        assert DeviceControl.objects.get(device=phone.device).observed == [CELLULAR]


def test_a_phone_that_cannot_now_is_asked_again(contoso, alice, phone):
    block(contoso, phone, alice)
    [command] = phone.fetch()
    assert phone.tell(**done(command, status="PENDING")).json()["status"] == "not_now"
    assert phone.fetch() == [command]
    assert phone.tell(**done(command, True, False)).json()["status"] == "verified"
    assert command_of(contoso, phone).not_now_tally == 1


def test_a_getter_that_contradicts_the_wish_is_a_failure_whatever_the_agent_says(
    contoso, alice, phone
):
    block(contoso, phone, alice)
    [command] = phone.fetch()
    assert phone.tell(**done(command, True, True)).json()["status"] == "failed"
    assert "isCellularDataAllowed" in command_of(contoso, phone).error


def test_a_command_that_was_taken_back_is_given_to_nobody(contoso, alice, phone):
    block(contoso, phone, alice)
    with tenant_scope(contoso.pk):
        release_by_hand(device=phone.device, restriction=CELLULAR, by=alice)
    enforce_due(now=timezone.now())
    assert command_of(contoso, phone).status == "superseded"
    assert phone.fetch() == []


def test_a_phone_speaks_for_itself_only(contoso, fabrikam, alice, phone):
    block(contoso, phone, alice)
    [command] = phone.fetch()
    for other in (galaxy(contoso), galaxy(fabrikam)):
        assert other.fetch() == []
        assert code(other.tell(**done(command, True, False))) == "not_found"
    assert command_of(contoso, phone).status == "delivered"


def test_a_token_that_ended_opens_nothing(contoso, alice, phone):
    block(contoso, phone, alice)
    [command] = phone.fetch()
    with tenant_scope(contoso.pk):
        revoke_token(device=phone.device, now=timezone.now(), by=alice)
    for answer in (
        phone.send(b"", COMMANDS, "GET"),
        phone.tell(**done(command, True, False)),
        phone.send({"samples": []}, USAGE),
    ):
        assert (answer.status_code, code(answer)) == (401, "token_revoked")
    assert command_of(contoso, phone).status == "delivered"


def test_a_retired_phone_is_not_heard(contoso, alice, phone):
    with tenant_scope(contoso.pk):
        devices.retire(device=phone.device, now=timezone.now(), by=alice)
    assert phone.send(b"", COMMANDS, "GET").status_code == 401


def test_a_token_of_a_program_is_none_of_a_phone_and_the_other_way_round(program, phone):
    for path, method in ((COMMANDS, "GET"), (RESULTS, "POST"), (USAGE, "POST")):
        assert code(program.send({}, path, method)) == "scope_missing"
    assert code(phone.send({}, "/api/v1/signals")) == "scope_missing"
    assert code(phone.send({"samples": []}, "/api/v1/usage/samples")) == "scope_missing"


def test_an_iphone_is_given_nothing_here_and_keeps_its_command(contoso, alice):
    iphone = galaxy(contoso, platform="ios")
    block(contoso, iphone, alice)
    assert iphone.fetch() == []
    assert command_of(contoso, iphone).status == "pushed"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"\xff", 400), (b"[]", 422), (b"null", 422),
        (b'{"command_uuid": "7"}', 422),
        (b'{"status": "DONE"}', 422),
        (b" " * 20_001, 400),
    ],
)  # fmt: skip
def test_garbage_is_refused_with_a_sentence(phone, body, status):
    answer = phone.send(body, RESULTS)
    assert answer.status_code == status, answer.content
    code(answer)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "DONE"}, {"status": 5}, {"calls": {}}, {"calls": [{}] * 21},
        {"calls": [{"verified": "yes"}]}, {"calls": [{"error": "x" * 501}]}, {"colour": "red"},
        {"calls": [{"colour": 1}]}, {"management_mode": "BYOD"}, {"knox_api_level": "37"},
        {"reported_at": "yesterday"}, {"command_uuid": None},
    ],
)  # fmt: skip
def test_a_result_that_is_none_leaves_the_command_as_it_is(contoso, alice, phone, change):
    block(contoso, phone, alice)
    [command] = phone.fetch()
    assert code(phone.tell(**done(command, True, False, **change))) == "invalid"
    assert command_of(contoso, phone).status == "delivered"


def test_a_result_that_is_too_long_or_of_no_command_is_refused(phone):
    result = json.dumps(done({"command_uuid": str(uuid4())})).encode()
    assert code(phone.send(result, RESULTS)) == "not_found"
    assert code(phone.send(result + b" " * 20_000, RESULTS)) == "too_large"


# --- usage ------------------------------------------------------------------------------------


def interval(**changes):
    now = timezone.now()
    return {
        "id": str(uuid4()), "started_at": (now - timedelta(minutes=5)).isoformat(),
        "ended_at": now.isoformat(), "mcc": "204", "roaming": False,
        "bytes_in": 1000, "bytes_out": 24, **changes,
    }  # fmt: skip


def counter(**changes):
    return {
        "id": str(uuid4()), "sampled_at": timezone.now().isoformat(), "boot_id": "7",
        "interface": "rmnet0", "bits": 64, "counter_in": 0, "counter_out": 0, "mcc": "206",
        "country": "BE", "roaming": True, **changes,
    }  # fmt: skip


def volumes(tenant):
    with tenant_scope(tenant.pk):
        return dict(UsageCounter.objects.filter(source="agent").values_list("country", "volume"))


def test_a_phone_reports_the_use_of_the_sim_that_carries_its_data(contoso, phone):
    early = (timezone.now() - timedelta(minutes=1)).isoformat()
    samples = interval(), counter(sampled_at=early), counter(counter_in=70, counter_out=7)
    assert phone.use(*samples) == {"accepted": 3, "duplicate": 0, "unmatched": 0, "rejected": []}
    assert volumes(contoso) == {"NL": 1024, "BE": 77}
    assert phone.use(*samples)["duplicate"] == 3
    assert volumes(contoso) == {"NL": 1024, "BE": 77}


def test_a_phone_reports_for_no_sim_but_its_own(contoso, phone):
    own, other = "8931440400000000001", "8931440400000000002"
    mine = galaxy(contoso, iccid=own)
    galaxy(contoso, iccid=other)
    assert mine.use(interval(sim={"iccid": own}))["accepted"] == 1
    assert mine.use(counter(sim={"iccid": own}))["accepted"] == 1
    for sim in ({"iccid": other}, {"imsi": "204080000000001"}):
        [rejected] = mine.use(interval(sim=sim))["rejected"]
        assert rejected["code"] == "not_own_sim"
    assert volumes(contoso) == {"NL": 1024}


def test_a_sim_that_left_the_phone_is_told_of_for_the_time_before(contoso, alice):
    number = "8931440400000000001"
    phone = galaxy(contoso, iccid=number)
    with tenant_scope(contoso.pk):
        other = SimFactory(tenant=contoso)
        devices.put_sim_in(device=phone.device, sim=other, now=timezone.now(), by=alice)
    late, after = interval(sim={"iccid": number}), (timezone.now() + timedelta(seconds=9))
    told = phone.use(
        late, interval(sim={"iccid": number}, started_at=after.isoformat(), ended_at=None)
    )
    assert told["accepted"] == 1
    assert [(one["index"], one["code"]) for one in told["rejected"]] == [(1, "not_own_sim")]


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (None, "dictionary"), (5, "dictionary"), ({}, "id"),
        (interval(line={"msisdn": "+31"}), "line"),
        (counter(device={"imei": "1"}), "device"), (interval(sim={}), "exactly one of"),
        (interval(sim={"iccid": "12"}), "ICCID"), (interval(bytes_in=-1), "bytes_in"),
        (interval(started_at="2026-01-01T00:00:00"), "started_at"),
    ],
    ids=["null", "number", "empty", "line", "device", "no-sim", "iccid", "bytes", "no-zone"],
)  # fmt: skip
def test_one_bad_sample_costs_no_other(contoso, phone, sample, said):
    told = phone.use(interval(), sample)
    assert told["accepted"] == 1
    [rejected] = told["rejected"]
    assert rejected["index"] == 1
    assert said in rejected["message"]
