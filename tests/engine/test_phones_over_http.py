"""Simulated phones over real HTTP: Apple's poll loop, the agent's API, and what can go wrong."""

from __future__ import annotations

import plistlib
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from devices.actions.contact import devices_polled
from devices.actions.device_tokens import give_token, revoke_token
from devices.actions.restrictions import block_by_hand, release_by_hand
from devices.gateways.simulator import mdm, polling
from devices.models import Command, Device, DeviceControl, DeviceToken, SimulatorMessage
from devices.workers.enforce import enforce_due
from tests.engine.scene import blocked, commands, inside, lines_with_phones, spare_phone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("in_northwind")]

ROAMING, CELLULAR = "roaming_data", "cellular_data"


@pytest.fixture
def origin(live_server):
    return live_server.url


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def settle(origin, session):
    """Let the reconciler and the phones go on until nothing is left to do at this moment."""

    def run():
        for _ in range(20):
            told = enforce_due(now=timezone.now())
            if not told + polling.poll_due(origin=origin, session=session):
                return
        raise AssertionError("They do not come to rest.")

    return run


def galaxy() -> Device:
    return lines_with_phones("knox")[0][1]


def iphone() -> Device:
    return lines_with_phones("ios")[0][1]


def block(device, restriction, by):
    block_by_hand(device=device, restriction=restriction, by=by, reason="lost")


# --- the way there and back -------------------------------------------------------------------


def test_an_iphone_is_kept_from_roaming_step_by_step(settle, alice):
    device = iphone()
    block(device, ROAMING, alice)
    settle()
    assert blocked(device) == {ROAMING}
    told = [kind for kind, status in commands(device) if status == "verified"]
    assert {"DeviceInformation", "Settings", "InstallProfile", "ProfileList"} <= set(told)
    assert not Command.objects.filter(delivered_at=None).exists()
    release_by_hand(device=device, restriction=ROAMING, by=alice)
    settle()
    assert blocked(device) == set()
    assert not SimulatorMessage.objects.exists()


def test_a_galaxy_enrols_by_itself_once_and_is_kept_from_its_data(settle, alice):
    device = galaxy()
    for act, restrictions in ((block, {CELLULAR}), (None, set())):
        if act:
            act(device, CELLULAR, alice)
        else:
            release_by_hand(device=device, restriction=CELLULAR, by=alice)
        settle()
        assert blocked(device) == restrictions
    assert DeviceToken.objects.filter(device=device).count() == 1
    assert not SimulatorMessage.objects.exists()


def test_all_phones_share_one_connection(settle, session, origin, alice):
    devices = [device for _, device in lines_with_phones("ios", "knox", "ios", "knox")]
    for device in devices:
        block(device, CELLULAR, alice)
    settle()
    assert [blocked(device) for device in devices] == [{CELLULAR}] * 4
    pools = session.get_adapter(origin).poolmanager.pools
    [pool] = [pools[key] for key in pools.keys()]  # noqa: SIM118 - no dictionary
    assert pool.num_requests > 8
    assert pool.num_connections == 1


# --- not now, not there, not any more ---------------------------------------------------------


def test_a_locked_iphone_answers_the_same_command_when_it_comes_by_again(settle, alice):
    device = iphone()
    inside(device, locked=True)
    block(device, CELLULAR, alice)
    settle()
    command = Command.objects.get()
    assert (command.kind, command.status, command.not_now_tally) == ("InstallProfile", "not_now", 1)
    inside(device, locked=False)
    devices_polled(device_ids=[device.pk], now=timezone.now())
    settle()
    assert blocked(device) == {CELLULAR}
    command.refresh_from_db()
    assert (command.status, command.not_now_tally) == ("verified", 1)


def test_what_was_replaced_before_the_phone_came_by_is_never_sent(settle, origin, session, alice):
    for device in (iphone(), spare_phone("knox")):
        block(device, CELLULAR, alice)
        enforce_due(now=timezone.now())
        release_by_hand(device=device, restriction=CELLULAR, by=alice)
        settle()
        assert "superseded" in {status for _, status in commands(device)}
        superseded = Command.objects.get(device=device, status="superseded")
        assert (superseded.delivered_at, superseded.answer) == (None, None)
        assert blocked(device) == set()


def test_a_phone_that_had_the_command_in_hand_is_looked_at_before_it_is_told(settle, session, alice,
                                                                             origin):  # fmt: skip
    device = iphone()
    block(device, CELLULAR, alice)
    enforce_due(now=timezone.now())
    assert _put(session, origin, device, Status="Idle").content
    release_by_hand(device=device, restriction=CELLULAR, by=alice)
    enforce_due(now=timezone.now())
    assert DeviceControl.objects.get(device=device).must_look is True
    settle()
    assert blocked(device) == set()
    assert ("ProfileList", "verified") in commands(device)


def test_an_answer_that_got_lost_is_given_again(settle, origin, session, alice, monkeypatch, clock):
    for device, verb in ((iphone(), "PUT"), (spare_phone("knox"), "POST")):
        block(device, CELLULAR, alice)
        enforce_due(now=timezone.now())
        real, seen = polling.Portal.call, []

        def lose(self, method, path, verb=verb, real=real, seen=seen, **options):
            seen.append(method)
            if method == verb and b"Idle" not in options["data"] and seen.count("lost") == 0:
                seen.append("lost")
                raise polling.Unheard("gone")
            return real(self, method, path, **options)

        with monkeypatch.context() as patch:
            patch.setattr(polling.Portal, "call", lose)
            assert polling.poll_due(origin=origin, session=session) == 0
        assert "lost" in seen
        assert Command.objects.get(device=device).status == "delivered"
        clock.shift(polling.COMES_BACK)
        settle()
        assert blocked(device) == {CELLULAR}


def test_a_portal_that_is_down_is_asked_again_later(alice, session, settle, clock):
    device = galaxy()
    block(device, CELLULAR, alice)
    enforce_due(now=timezone.now())
    assert polling.poll_due(origin="http://127.0.0.1:9", session=session) == 0
    message = SimulatorMessage.objects.get()
    assert message.due_at == timezone.now() + polling.COMES_BACK
    clock.shift(polling.COMES_BACK)
    settle()
    assert blocked(device) == {CELLULAR}


def test_a_phone_whose_token_was_revoked_hears_nothing_until_it_has_a_new_one(settle, alice, clock):
    device = galaxy()
    give_token(device=device, now=timezone.now(), by=alice)
    revoke_token(device=device, now=timezone.now(), by=alice)
    block(device, CELLULAR, alice)
    settle()
    assert Command.objects.get().status == "pushed"
    assert not SimulatorMessage.objects.exists()
    give_token(device=device, now=timezone.now(), by=alice)
    clock.move_to(DeviceControl.objects.get(device=device).next_attempt_at)
    settle()
    assert blocked(device) == {CELLULAR}


def test_a_galaxy_without_wifi_says_that_it_is_off_and_hears_of_its_release_on_wifi(settle, alice):
    device = galaxy()
    inside(device, bearer="cellular")
    block(device, CELLULAR, alice)
    settle()
    assert blocked(device) == {CELLULAR}
    release_by_hand(device=device, restriction=CELLULAR, by=alice)
    settle()
    assert DeviceControl.objects.get(device=device).observed == [CELLULAR]
    inside(device, bearer="wifi")
    settle()
    assert blocked(device) == set()


# --- the MDM server against strangers ---------------------------------------------------------


def _put(session, origin, device, key=None, body=None, **message):
    sent = body if body is not None else plistlib.dumps({"UDID": device.udid, **message})
    return session.put(
        f"{origin}/simulator/mdm/{key or mdm.key_of(device)}",
        data=sent,
        headers={"Content-Type": mdm.CONTENT_TYPE},
        timeout=10,
    )


def test_nobody_else_is_given_a_phones_command(session, origin, alice):
    device, other = iphone(), spare_phone("ios")
    block(device, CELLULAR, alice)
    enforce_due(now=timezone.now())
    for key in ("x", mdm.key_of(device)[:-1], mdm.key_of(other), mdm.key_of(galaxy_of(device))):
        assert _put(session, origin, device, key=key, Status="Idle").status_code == 401
    assert Command.objects.get().status == "pushed"
    Device.objects.filter(pk=device.pk).update(state="unmanaged")
    assert _put(session, origin, device, Status="Idle").status_code == 401


def galaxy_of(device):
    return Device(pk=device.pk + 1000, tenant_id=device.tenant_id)


def test_garbage_is_refused_and_changes_nothing(session, origin, alice):
    device, other = iphone(), spare_phone("ios")
    block(device, CELLULAR, alice)
    block(other, CELLULAR, alice)
    enforce_due(now=timezone.now())
    foreign = str(Command.objects.get(device=other).pk)
    own = str(Command.objects.get(device=device).pk)
    for body in (b"", b"{}", b"\xff\x00", b"<plist", plistlib.dumps([1])):
        assert _put(session, origin, device, body=body).status_code == 400
    for message in (
        {}, {"Status": "Fine"}, {"Status": "Acknowledged"},
        {"Status": "Acknowledged", "CommandUUID": 5},
        {"Status": "Acknowledged", "CommandUUID": "7"},
        {"Status": "Acknowledged", "CommandUUID": str(uuid4())},
        {"Status": "Acknowledged", "CommandUUID": foreign},
        {"Status": "Acknowledged", "CommandUUID": own},  # it was never given out
    ):  # fmt: skip
        answer = _put(session, origin, device, **message)
        assert answer.status_code == 400, message
        assert answer.text.endswith(".")
    url = f"{origin}/simulator/mdm/{mdm.key_of(device)}"
    assert session.get(url, timeout=10).status_code == 405
    assert session.put(url, data=b"x", timeout=10).status_code == 415
    big = {"Content-Type": mdm.CONTENT_TYPE}
    assert session.put(url, data=b" " * 1_000_001, headers=big, timeout=10).status_code == 413
    assert set(Command.objects.values_list("status", flat=True)) == {"pushed"}


def test_an_answer_twice_counts_once_and_an_error_has_its_chain(session, origin, alice):
    device = iphone()
    block(device, CELLULAR, alice)
    enforce_due(now=timezone.now())
    given = plistlib.loads(_put(session, origin, device, Status="Idle").content)
    chain = [{"ErrorDomain": "MCInstallationErrorDomain", "ErrorCode": 4001}]
    answer = {"Status": "Error", "CommandUUID": given["CommandUUID"], "ErrorChain": chain}
    for _ in range(2):
        told = _put(session, origin, device, **answer)
        assert (told.status_code, told.content) == (200, b"")
    command = Command.objects.get()
    assert (command.status, "4001" in command.error) == ("failed", True)
    changed = _put(session, origin, device, Status="Acknowledged",
                   CommandUUID=given["CommandUUID"])  # fmt: skip
    assert changed.status_code == 200
    command.refresh_from_db()
    assert command.status == "failed"
    assert plistlib.loads(bytes(command.answer))["Status"] == "Error"


def test_not_now_is_not_offered_again_in_the_same_session(session, origin, alice):
    device = iphone()
    block(device, CELLULAR, alice)
    enforce_due(now=timezone.now())
    given = plistlib.loads(_put(session, origin, device, Status="Idle").content)
    not_now = {"Status": "NotNow", "CommandUUID": given["CommandUUID"]}
    assert _put(session, origin, device, **not_now).content == b""
    again = plistlib.loads(_put(session, origin, device, Status="Idle").content)
    assert again == given


def test_a_command_that_cannot_be_read_at_all_is_ours_to_mend(session, origin, alice):
    device = iphone()
    block(device, CELLULAR, alice)
    enforce_due(now=timezone.now())
    _put(session, origin, device, Status="Idle")
    assert _put(session, origin, device, Status="CommandFormatError").status_code == 200
    assert Command.objects.get().status == "format_error"
