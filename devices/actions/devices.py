"""Devices come and go: added, edited, given another SIM, retired.

Each act is one transaction: the rows, the audit event, and the word to the apps above that a SIM
moved (devices.ports). A device is never deleted, because commands and history refer to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from audit.actions import Actor, record
from common.tenancy import current_tenant_id
from devices.models import Device, DeviceControl, DeviceSim, Sim, SimulatedDevice
from devices.simulated_models import identity

BATCH = 5_000


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
    _add_state(devices, tenant_id, now)
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


def _add_state(devices: Sequence[Device], tenant_id: int, now: datetime) -> None:
    """The phones' own state, and the control rows in which nobody has looked yet."""
    SimulatedDevice.objects.bulk_create(
        [SimulatedDevice(tenant_id=tenant_id, device=device, changed_at=now) for device in devices],
        batch_size=BATCH,
    )
    DeviceControl.objects.bulk_create(
        [
            DeviceControl(tenant_id=tenant_id, device=device, desired_since=now)
            for device in devices
        ],
        batch_size=BATCH,
    )
