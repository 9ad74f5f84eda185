"""Devices as a management server tells of them, many at once: added, followed, gone, back, seated.

The server is the authority on what a device is. Each act is part of the caller's transaction: a
fixed number of statements for a batch, and an audit event for each device. A device is never
deleted here; one that is gone is *unmanaged* until the server tells of it again.

Devices are locked by id, and lines' watches after them, as everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Greatest

from audit.actions import Act, changes, record_many
from common.tenancy import current_tenant_id
from devices.actions.devices import BATCH, add_state
from devices.models import Device, DeviceSim, DeviceState, Sim
from devices.ports import tell_sims_moved

UNIQUE = ("serial", "imei")


@dataclass(frozen=True)
class Told:
    """What the server tells of a device; unknown is empty. Numbers are normalised."""

    name: str
    platform: str
    model: str = ""
    os_version: str = ""
    serial: str = ""
    imei: str = ""
    udid: str = ""
    management_mode: str = "device"
    has_mobile_radio: bool = True


def known(*, told: Iterable[Told]) -> list[Device]:
    """Devices in service that have a number which one of `told` has."""
    serials, imeis, udids = set(), set(), set()
    for each in told:
        serials.add(each.serial)
        imeis.add(each.imei)
        udids.add(each.udid)
    named = Q(serial__in=serials - {""}) | Q(imei__in=imeis - {""}) | Q(udid__in=udids - {""})
    return list(Device.objects.filter(named).exclude(state=DeviceState.RETIRED))


def add_many(
    *, told: Sequence[tuple[Told, int | None]], gateway: str, now: datetime
) -> list[Device]:
    """A device for each, with the id of its category, in their order.

    `gateway` is the way commands will take, empty where there is none.
    """
    if not told:
        return []
    tenant_id = current_tenant_id()
    devices = [
        Device(
            tenant_id=tenant_id,
            category_id=category_id,
            gateway=gateway,
            created_at=now,
            **asdict(each),
        )
        for each, category_id in told
    ]
    Device.objects.bulk_create(devices, batch_size=BATCH)
    add_state(devices, tenant_id, now)
    record_many(
        by=None,
        acts=[
            Act(action="device.added", subject=device, after=asdict(each))
            for device, (each, _category) in zip(devices, told, strict=True)
        ],
    )
    return devices


def follow_many(*, told: Mapping[int, Mapping[str, Any]]) -> int:
    """Write what the server tells otherwise than before, by device id; returns how many differed.

    Retired devices stay as they were. A serial number or IMEI that another device has is left out.
    """
    if not told:
        return 0
    devices = list(_in_service(told).order_by("pk").select_for_update(no_key=True))
    taken = {name: _taken(name, told) for name in UNIQUE}
    acts, changed = [], []
    for device in devices:
        new = {
            name: value
            for name, value in told[device.pk].items()
            if name not in UNIQUE or taken[name].get(value, device.pk) == device.pk
        }
        before, after = changes(before={name: getattr(device, name) for name in new}, after=new)
        if not after:
            continue
        for name, value in new.items():
            setattr(device, name, value)
        changed.append(device)
        acts.append(Act(action="device.edited", subject=device, before=before, after=after))
    Device.objects.bulk_update(changed, list(Told.__dataclass_fields__), batch_size=500)
    record_many(by=None, acts=acts)
    return len(changed)


def _in_service(ids: Iterable[int]) -> Any:
    return Device.objects.filter(pk__in=list(ids)).exclude(state=DeviceState.RETIRED)


def _taken(name: str, told: Mapping[int, Mapping[str, Any]]) -> dict[str, int]:
    """Who has these numbers already."""
    wanted = {values[name] for values in told.values() if values.get(name)}
    if not wanted:
        return {}
    others = Device.objects.filter(**{f"{name}__in": wanted}).exclude(state=DeviceState.RETIRED)
    return dict(others.values_list(name, "pk"))


def mark_gone(*, device_ids: Collection[int]) -> int:
    """The server knows them no more: unmanaged, with everything they had; returns how many were."""
    return _turn(device_ids, DeviceState.MANAGED, DeviceState.UNMANAGED, action="device.gone")


def mark_back(*, device_ids: Collection[int]) -> int:
    """The server tells of them again; returns how many came back."""
    return _turn(device_ids, DeviceState.UNMANAGED, DeviceState.MANAGED, action="device.back")


def _turn(device_ids: Collection[int], old: DeviceState, new: DeviceState, *, action: str) -> int:
    if not device_ids:
        return 0
    those = Device.objects.filter(pk__in=device_ids, state=old)
    devices = list(those.order_by("pk").select_for_update(no_key=True))
    Device.objects.filter(pk__in=[device.pk for device in devices]).update(state=new)
    record_many(by=None, acts=[Act(action=action, subject=device) for device in devices])
    _tell_of(devices)
    return len(devices)


def _tell_of(devices: Sequence[Device]) -> None:
    """Whether a line can be restricted has changed."""
    seats = DeviceSim.objects.open().filter(device__in=devices)
    tell_sims_moved(sim_ids=list(seats.values_list("sim_id", flat=True)))


def seat_many(*, seats: Mapping[int, int], now: datetime) -> int:
    """Put SIMs (values) into slot 1 of devices (keys), out of wherever they were; how many moved.

    Devices that are retired, and seats that are so already, stay as they are.
    """
    if not seats:
        return 0
    devices = {
        device.pk: device
        for device in _in_service(seats).order_by("pk").select_for_update(no_key=True)
    }
    there = DeviceSim.objects.open().filter(Q(device__in=devices) | Q(sim__in=seats.values()))
    links = list(there)
    right = {(link.device_id, link.sim_id) for link in links}
    wanted = {
        device: sim
        for device, sim in seats.items()
        if device in devices and (device, sim) not in right
    }
    if not wanted:
        return 0
    ended = [
        link
        for link in links
        if link.sim_id in set(wanted.values()) or (link.device_id in wanted and link.slot == 1)
    ]
    DeviceSim.objects.filter(pk__in=[link.pk for link in ended]).update(
        unlinked_at=Greatest(F("linked_at"), now)
    )
    left = [link for link in links if link not in ended]
    carrying = {link.device_id for link in left if link.data_preferred}
    DeviceSim.objects.bulk_create(
        [
            DeviceSim(
                tenant_id=current_tenant_id(),
                device_id=device,
                sim_id=sim,
                data_preferred=device not in carrying,
                linked_at=now,
            )
            for device, sim in wanted.items()
        ],
        batch_size=BATCH,
    )
    names = {sim.pk: str(sim) for sim in Sim.objects.filter(pk__in=wanted.values())}
    record_many(
        by=None,
        acts=[
            Act(
                action="device.sim_put_in",
                subject=devices[device],
                after={"sim": names[sim], "slot": 1},
            )
            for device, sim in wanted.items()
        ],
    )
    tell_sims_moved(sim_ids={*wanted.values(), *(link.sim_id for link in ended)})
    return len(wanted)
