"""A device leaves management, and comes back.

1. What was on its way is cancelled and withdrawn; its token opens nothing any more.
2. What was known of it is forgotten: on an iPhone our profile goes with the enrolment, so the
   blocks are void, and nobody has looked since.
3. The reasons stay. A device that is enrolled again is told from scratch what is wanted of it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.actions import Actor, record
from devices.actions.reasons import ENFORCE
from devices.gateways import gateway
from devices.models import Command, CommandStatus, Device, DeviceControl, DeviceState, DeviceToken
from devices.models.command import OPEN_STATUSES
from jobs.nudges import nudge

FORGOTTEN = {
    "observed": None,
    "observed_at": None,
    "rules": None,
    "data_roaming": None,
    "to_read": [],
    "must_look": False,
    "attempts": 0,
    "last_error": "",
    "leased_until": None,
}


@transaction.atomic
def checked_out(*, device_id: int, now: datetime, by: Actor | None = None) -> bool:
    """The device is under management no more, as it or its server says; False if it was not.

    In the scope of its tenant. A retired device stays retired.
    """
    device = _locked(device_id)
    if device.state != DeviceState.MANAGED:
        return False
    Device.objects.filter(pk=device.pk).update(state=DeviceState.UNMANAGED)
    DeviceToken.objects.filter(device=device, revoked_at=None).update(revoked_at=now)
    _start_afresh(device, due_at=None, now=now)
    record(by=by, action="device.checked_out", subject=device)
    return True


@transaction.atomic
def enrolled_again(*, device_id: int, now: datetime, by: Actor | None = None) -> bool:
    """The device is under management, from scratch; False for a retired one."""
    device = _locked(device_id)
    if device.state == DeviceState.RETIRED:
        return False
    Device.objects.filter(pk=device.pk).update(state=DeviceState.MANAGED)
    _start_afresh(device, due_at=now, now=now)
    record(by=by, action="device.enrolled_again", subject=device)
    nudge(ENFORCE)
    return True


def _locked(device_id: int) -> Device:
    return Device.objects.select_for_update(no_key=True).get(pk=device_id)


def _start_afresh(device: Device, *, due_at: datetime | None, now: datetime) -> None:
    controls = DeviceControl.objects.filter(device=device)
    list(controls.select_for_update().values_list("pk"))  # before its commands, as everywhere
    controls.update(**FORGOTTEN, next_attempt_at=due_at)
    pending = Command.objects.filter(device=device, status__in=OPEN_STATUSES)
    command_ids = list(pending.values_list("pk", flat=True))
    pending.update(status=CommandStatus.CANCELLED, closed_at=now)
    if command_ids and device.gateway:
        on_its_way = gateway(device.gateway)
        transaction.on_commit(lambda: on_its_way.withdraw(command_ids=command_ids), robust=True)
