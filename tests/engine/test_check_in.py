"""Devices leave management and come back: their queue is cleared, what was known forgotten."""

from __future__ import annotations

import plistlib

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.actions.check_in import checked_out, enrolled_again
from devices.actions.device_tokens import give_token
from devices.actions.restrictions import Refused, block_by_hand, release_by_hand
from devices.gateways.simulator import mdm
from devices.gateways.simulator.hands import enrol_again, leave_management
from devices.models import Command, Device, DeviceControl, DeviceToken, SimulatorMessage
from tests.engine.scene import blocked, commands, lines_with_phones, online, phone, settle
from tests.usage_factories import make_device

pytestmark = pytest.mark.usefixtures("in_northwind")
CELLULAR, ROAMING = "cellular_data", "roaming_data"


def a_phone(platform="ios"):
    return lines_with_phones(platform)[0][1]


def state(device):
    return Device.objects.values_list("state", flat=True).get(pk=device.pk)


def check_in(device, kind, *, key=None, body=None, **headers):
    message = {"MessageType": kind, "Topic": "com.apple.mgmt", "UDID": device.udid}
    return Client(raise_request_exception=False).generic(
        "PUT",
        f"/simulator/mdm/{key or mdm.key_of(device)}/check-in",
        plistlib.dumps(message) if body is None else body,
        content_type=headers.pop("content_type", mdm.CHECK_IN_TYPE),
    )


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_phone_that_leaves_is_unmanaged_its_command_cancelled_and_nothing_believed(
    platform, alice, django_capture_on_commit_callbacks
):
    device = a_phone(platform)
    give_token(device=device, now=timezone.now(), by=alice)
    block_by_hand(device=device, restriction=CELLULAR, by=alice, reason="lost")
    settle()
    online(device, False)
    release_by_hand(device=device, restriction=CELLULAR, by=alice)
    settle()
    with django_capture_on_commit_callbacks(execute=True):
        leave_management(device_id=device.pk, by=alice, now=timezone.now())
    assert state(device) == "unmanaged"
    assert commands(device)[-1][1] == "cancelled"
    assert not SimulatorMessage.objects.exists()
    control = DeviceControl.objects.get(device=device)
    assert (control.observed, control.rules, control.next_attempt_at) == (None, None, None)
    assert phone(device).restrictions() == frozenset(), "the profile goes with the enrolment"
    assert not DeviceToken.objects.filter(device=device, revoked_at=None).exists()
    assert AuditEvent.objects.filter(action="device.checked_out").count() == 1
    device.refresh_from_db()
    with pytest.raises(Refused, match="no longer, under management"):
        block_by_hand(device=device, restriction=CELLULAR, by=alice, reason="lost")


@pytest.mark.parametrize("platform", ["ios", "knox"])
def test_a_phone_that_comes_back_is_told_from_scratch(platform, alice):
    device = a_phone(platform)
    for restriction in (CELLULAR, ROAMING):
        block_by_hand(device=device, restriction=restriction, by=alice, reason="lost")
    settle()
    assert blocked(device) == {CELLULAR, ROAMING}
    leave_management(device_id=device.pk, by=alice, now=timezone.now())
    settle()
    assert DeviceControl.objects.get().desired == [CELLULAR, ROAMING], "the reasons stay"
    assert CELLULAR not in phone(device).restrictions()
    enrol_again(device_id=device.pk, by=alice, now=timezone.now())
    settle()
    assert state(device) == "managed"
    assert blocked(device) == {CELLULAR, ROAMING}


def test_an_iphone_checks_out_and_in_by_apples_messages(alice):
    device = a_phone()
    online(device, False)
    block_by_hand(device=device, restriction=CELLULAR, by=alice, reason="lost")
    settle()
    assert check_in(device, "CheckOut").status_code == 200
    assert (state(device), Command.objects.get().status) == ("unmanaged", "cancelled")
    assert check_in(device, "CheckOut").status_code == 200, "twice does no harm"
    assert check_in(device, "Authenticate").status_code == 200
    assert state(device) == "unmanaged", "it can be called only after TokenUpdate"
    assert check_in(device, "TokenUpdate").status_code == 200
    assert state(device) == "managed"
    online(device, True)
    settle()
    assert blocked(device) == {CELLULAR}


def test_a_phone_that_is_erased_clears_its_queue(alice):
    device = a_phone()
    online(device, False)
    block_by_hand(device=device, restriction=CELLULAR, by=alice, reason="lost")
    settle()
    assert check_in(device, "Authenticate").status_code == 200
    assert Command.objects.get().status == "cancelled"


def test_check_in_is_refused_to_strangers_and_for_garbage(alice):
    (_, device), (_, other) = lines_with_phones("ios", "knox")
    for key in ("x", mdm.key_of(device) + "x", mdm.key_of(other)):
        assert check_in(device, "CheckOut", key=key).status_code == 401
    for body in (b"\xff", b"<plist", plistlib.dumps([1])):
        assert check_in(device, "CheckOut", body=body).status_code == 400
    assert check_in(device, "Hello").status_code == 400
    assert check_in(device, "CheckOut", content_type="text/plain").status_code == 415
    stranger = plistlib.dumps({"MessageType": "CheckOut", "UDID": "somebody else's"})
    assert check_in(device, "CheckOut", body=stranger).status_code == 401
    assert state(device) == "managed"


def test_a_retired_phone_does_not_come_back(alice):
    device = a_phone()
    Device.objects.filter(pk=device.pk).update(state="retired", retired_at=timezone.now())
    assert checked_out(device_id=device.pk, now=timezone.now()) is False
    assert enrolled_again(device_id=device.pk, now=timezone.now()) is False
    assert check_in(device, "TokenUpdate").status_code == 401
    assert state(device) == "retired"


def test_the_page_of_a_simulated_phone_lets_it_leave_and_come_back(contoso, alice, client_for):
    device = make_device(contoso)
    client = client_for(alice)
    inside = f"/t/contoso/sandbox/{device.pk}/"
    assert "Leave management" in client.get(inside).content.decode()
    page = client.post(f"{inside}leave/", follow=True).content.decode()
    assert "The phone has left management." in page
    with tenant_scope(contoso.pk):
        assert state(device) == "unmanaged"
    assert "Enrol again" in client.get(inside).content.decode()
    assert "under management" in client.post(f"{inside}enrol/", follow=True).content.decode()
    with tenant_scope(contoso.pk):
        assert state(device) == "managed"
