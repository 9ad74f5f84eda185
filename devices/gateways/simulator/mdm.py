"""The simulator's MDM server: Apple's poll loop, for simulated iPhones and iPads.

A device says that it is idle and is given a command; it says what came of it and is given the
next one, until the answer is empty. A command that it put off with NotNow is not offered again in
the same session. Source: Apple's "Sending MDM commands to a device" and "Handling NotNow status
responses". A real device shows a certificate of its own; a simulated one has its server's address
to itself, which only the portal can make (`key_of`).
"""

from __future__ import annotations

import plistlib
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing

from common.tenancy import across_tenants
from devices.actions import agent
from devices.actions.check_in import checked_out, enrolled_again
from devices.models import Device, DeviceState, Platform

CONTENT_TYPE = "application/x-apple-aspen-mdm"
CHECK_IN_TYPE = f"{CONTENT_TYPE}-checkin"
LARGEST = 1_000_000
"""Bytes of a device's message; a list of its profiles has a hundredth of it."""
STATUSES = frozenset({"Idle", "NotNow", "Acknowledged", "Error", "CommandFormatError"})
_SALT = "devices.gateways.simulator.mdm"


class NotEnrolled(Exception):
    """No device of this server speaks here; a real one would leave management."""


class Unreadable(Exception):
    """The message is none of the protocol's; the argument is a sentence."""


def key_of(device: Device) -> str:
    """What a simulated device's address at this server ends with."""
    return signing.dumps([device.tenant_id, device.pk], salt=_SALT)


def device_of(key: str, *, states: Collection[str] = (DeviceState.MANAGED,)) -> Device:
    """The simulated Apple device with that key, in one of these states. Raises NotEnrolled."""
    try:
        tenant_id, device_id = signing.loads(key, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotEnrolled from None
    with across_tenants("a device's address tells which tenant it is in"):
        device = (
            Device.objects.select_related("tenant")
            .filter(tenant_id=tenant_id, pk=device_id, gateway="simulator")
            .filter(platform__in=[Platform.IOS, Platform.IPADOS], state__in=states)
            .first()
        )
    if device is None or device.tenant.suspended_at:
        raise NotEnrolled
    return device


def check_in(*, device: Device, body: bytes, now: datetime) -> None:
    """Take a check-in message: Authenticate, TokenUpdate or CheckOut.

    An enrolment begins with Authenticate, which clears what was queued; only TokenUpdate makes
    the device one that can be called. In the scope of its tenant. Raises NotEnrolled, Unreadable.
    """
    message = _read(body)
    if message.get("UDID") != device.udid:
        raise NotEnrolled
    match message.get("MessageType"):
        case "Authenticate" | "CheckOut":
            checked_out(device_id=device.pk, now=now)
        case "TokenUpdate":
            enrolled_again(device_id=device.pk, now=now)
        case _:
            raise Unreadable("MessageType is Authenticate, TokenUpdate or CheckOut.")


def serve(*, device: Device, body: bytes, now: datetime) -> bytes:
    """The next command for the device whose message this is; empty when there is none.

    In the scope of the device's tenant. Raises NotEnrolled, Unreadable.
    """
    message = _read(body)
    if message.get("UDID") != device.udid:
        raise NotEnrolled
    status = message.get("Status")
    if status not in STATUSES:
        raise Unreadable("Status is Idle, NotNow, Acknowledged, Error or CommandFormatError.")
    if status != "Idle":
        _take(device, message, body, now)
    given = agent.give_out(device_id=device.pk, now=now, again=status != "NotNow")
    return given.payload if given else b""


def _read(body: bytes) -> dict[str, Any]:
    try:
        message = plistlib.loads(body)
    except Exception:  # broken lists raise nearly anything from plistlib: it trusts its input
        raise Unreadable("The message is not a property list.") from None
    if not isinstance(message, dict):
        raise Unreadable("The message is not a dictionary.")
    return message


def _take(device: Device, message: dict[str, Any], body: bytes, now: datetime) -> None:
    """Record an answer. What is closed already stays as it is: a device may say things twice."""
    if message["Status"] == "CommandFormatError" and "CommandUUID" not in message:
        in_hand = agent.in_hand(device_id=device.pk)  # it could not even read that much
        message = {"CommandUUID": str(in_hand), **message}
    try:
        command_id = UUID(message["CommandUUID"])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise Unreadable("CommandUUID is missing or is none.") from None
    try:
        agent.take_result(device_id=device.pk, command_id=command_id, raw=body, now=now)
    except agent.UnknownCommand:
        raise Unreadable("This device was given no command with this CommandUUID.") from None
    except agent.AlreadyAnswered:
        pass
