"""Devices come and go: added, edited, given another SIM, retired.

Each act is one transaction: the rows, the audit event, and the word to the apps above that a SIM
moved (devices.ports). A device is never deleted, because commands and history refer to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from common.tenancy import current_tenant_id
from devices.actions.reasons import drop_device
from devices.gateways import gateway
from devices.models import (
    Command,
    CommandStatus,
    Device,
    DeviceControl,
    DeviceSim,
    DeviceState,
    DeviceToken,
    Sim,
    SimulatedDevice,
)
from devices.models.command import OPEN_STATUSES
from devices.ports import tell_sims_moved
from devices.simulated_models import identity

BATCH = 5_000


@dataclass(frozen=True)
class DeviceTerms:
    """What a person may say about a device; numbers are normalised, unknown is empty."""

    name: str
    platform: str
    model: str = ""
    os_version: str = ""
    serial: str = ""
    imei: str = ""
    has_mobile_radio: bool = True


class DeviceRefused(Refused):
    """The device cannot be added, changed, given this SIM or retired like this."""


TAKEN = {
    "device_imei_once": ("imei", _("Another device already has this IMEI.")),
    "device_serial_once": ("serial", _("Another device already has this serial number.")),
}
MODES = {"knox": "DO", "android": "PO"}
"""How an added device is managed, per platform; Apple devices by the device itself."""


@transaction.atomic
def add(*, terms: DeviceTerms, now: datetime, by: Actor) -> Device:
    """A device in the simulator, the one gateway there is so far. Raises DeviceRefused."""
    tenant_id = current_tenant_id()
    device = Device(**asdict(terms), management_mode=MODES.get(terms.platform, "device"))
    with refusing(DeviceRefused, TAKEN):
        device.save()
    add_state([device], tenant_id, now)
    record(by=by, action="device.added", subject=device, after=asdict(terms))
    return device


@transaction.atomic
def edit(*, device: Device, terms: DeviceTerms, by: Actor) -> Device:
    """Other facts about the same device. Raises DeviceRefused."""
    device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    _in_service(device)
    new = asdict(terms)
    before, after = changes(before={name: getattr(device, name) for name in new}, after=new)
    if not after:
        return device
    for name, value in new.items():
        setattr(device, name, value)
    with refusing(DeviceRefused, TAKEN):
        device.save(update_fields=list(new))
    record(by=by, action="device.edited", subject=device, before=before, after=after)
    return device


@transaction.atomic
def retire(*, device: Device, now: datetime, by: Actor, reason: str = "") -> None:
    """Out of management: its SIMs are out, no command is sent any more, its history stays."""
    device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    if (
        not Device.objects.filter(pk=device.pk)
        .exclude(state=DeviceState.RETIRED)
        .update(state=DeviceState.RETIRED, retired_at=now)
    ):
        raise DeviceRefused(_("This device was already retired."))
    links = DeviceSim.objects.open().filter(device=device)
    sim_ids = list(links.values_list("sim_id", flat=True))
    links.update(unlinked_at=Greatest(F("linked_at"), now))
    tell_sims_moved(sim_ids=sim_ids)  # locks lines' watches, which come before controls everywhere
    drop_device(device_id=device.pk, now=now)
    DeviceControl.objects.filter(device=device).update(next_attempt_at=None)
    DeviceToken.objects.filter(device=device, revoked_at=None).update(revoked_at=now)
    pending = Command.objects.filter(device=device, status__in=OPEN_STATUSES)
    command_ids = list(pending.values_list("pk", flat=True))
    pending.update(status=CommandStatus.CANCELLED, closed_at=now)
    if command_ids:
        on_its_way = gateway(device.gateway)
        transaction.on_commit(lambda: on_its_way.withdraw(command_ids=command_ids), robust=True)
    record(by=by, action="device.retired", subject=device, reason=reason)


@transaction.atomic
def put_sim_in(*, device: Device, sim: Sim, now: datetime, by: Actor | None, slot: int = 1) -> None:
    """The SIM is in that slot of the device from now on; what was there is out.

    The first SIM of a device carries its mobile data. Raises DeviceRefused for a retired device.
    """
    device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    _in_service(device)
    here = DeviceSim.objects.open().filter(device=device)
    if here.filter(sim=sim, slot=slot).exists():
        return
    moved = {sim.pk, *here.filter(slot=slot).values_list("sim_id", flat=True)}
    ended = {"unlinked_at": Greatest(F("linked_at"), now)}
    DeviceSim.objects.open().filter(sim=sim).update(**ended)
    here.filter(slot=slot).update(**ended)
    carries_data = not here.filter(data_preferred=True).exists()
    DeviceSim(device=device, sim=sim, slot=slot, data_preferred=carries_data, linked_at=now).save()
    record(by=by, action="device.sim_put_in", subject=device, after={"sim": str(sim), "slot": slot})
    tell_sims_moved(sim_ids=moved)


@transaction.atomic
def take_sim_out(*, sim: Sim, now: datetime, by: Actor | None) -> None:
    """The SIM is in no device any more. Nothing happens when it was in none."""
    link = DeviceSim.objects.open().filter(sim=sim).select_related("device").first()
    if link is None:
        return
    DeviceSim.objects.filter(pk=link.pk).update(unlinked_at=Greatest(F("linked_at"), now))
    record(by=by, action="device.sim_taken_out", subject=link.device, before={"sim": str(sim)})
    tell_sims_moved(sim_ids=[sim.pk])


def _in_service(device: Device) -> None:
    if device.state == DeviceState.RETIRED:
        raise DeviceRefused(_("This device is retired."))


@transaction.atomic
def add_simulated_devices(
    *, sims: Sequence[Sim], now: datetime, by: Actor | None = None
) -> list[Device]:
    """A simulated phone around each SIM, in the order of `sims`; no SIM may be in a device yet.

    The kind, the numbers and the name follow from the device's own id, so nothing repeats. Rows
    are written in bulk (six statements for up to BATCH SIMs); one audit event tells of all.
    """
    if not sims:
        return []
    tenant_id = current_tenant_id()
    devices = [_simulated(number, tenant_id, now) for number in _new_ids(len(sims))]
    Device.objects.bulk_create(devices, batch_size=BATCH)
    DeviceSim.objects.bulk_create(
        [
            DeviceSim(tenant_id=tenant_id, device=device, sim=sim, linked_at=now)
            for device, sim in zip(devices, sims, strict=True)
        ],
        batch_size=BATCH,
    )
    add_state(devices, tenant_id, now)
    record(
        by=by,
        action="device.simulated_added",
        subject=devices[0],
        after={"devices": len(devices), "last_device": devices[-1].pk},
    )
    return devices


def _new_ids(count: int) -> list[int]:
    """Ids from the table's own sequence, taken ahead because the numbers on the box need them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [Device._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def _simulated(number: int, tenant_id: int, now: datetime) -> Device:
    phone = identity(number)
    return Device(
        pk=number,
        tenant_id=tenant_id,
        name=phone.name,
        platform=phone.kind.platform,
        model=phone.kind.model,
        os_version=phone.kind.os_version,
        management_mode=phone.kind.management_mode,
        serial=phone.serial,
        imei=phone.imei,
        udid=phone.udid,
        created_at=now,
    )


def add_state(devices: Sequence[Device], tenant_id: int, now: datetime) -> None:
    """The control rows, in which nobody has looked yet, and the simulated phones' own state."""
    SimulatedDevice.objects.bulk_create(
        [
            SimulatedDevice(tenant_id=tenant_id, device=device, changed_at=now)
            for device in devices
            if device.is_simulated
        ],
        batch_size=BATCH,
    )
    DeviceControl.objects.bulk_create(
        [
            DeviceControl(tenant_id=tenant_id, device=device, desired_since=now)
            for device in devices
        ],
        batch_size=BATCH,
    )
