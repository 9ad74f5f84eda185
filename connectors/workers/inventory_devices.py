"""Managed devices as devices of the portal: found by their numbers, else made; followed; marked.

A device that the portal knows by the serial number, the IMEI or the UDID is that device, whoever
added it. What Intune says otherwise than at the last sync is taken over; what was changed in the
portal meanwhile stands until Intune changes it too. Of a device that somebody owns nothing is
collected: it goes into the personal category.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from django.utils.translation import gettext as _

from connectors.intune_facts import ManagedDevice, managed_device
from connectors.models import Connector, InventoryItem
from connectors.workers.inventory_rows import Row
from devices.actions import categories, managed
from devices.models import Device, DeviceCategory

TWO_DEVICES, TAKEN = "inventory_two_devices", "inventory_device_taken"
NO_CATEGORY = {"", "unknown"}
"""What Intune calls a device without a category."""
SIMULATOR = "simulator"
_TOLD = list(managed.Told.__dataclass_fields__)


def told_of(device: ManagedDevice) -> managed.Told:
    """The part of it that devices keep."""
    facts = asdict(device)
    return managed.Told(**{name: facts[name] for name in _TOLD})


# --- found or made ----------------------------------------------------------------------------


def link(rows: Sequence[Row], *, connector: Connector, now: datetime) -> int:
    """Give each its device, new ones included; returns how many were made."""
    _leave_taken([row for row in rows if row.was_gone and row.item.device_id])
    free = [row for row in rows if row.item.device_id is None]
    if not free:
        return 0
    said = {row.item.key: managed_device(row.item.facts) for row in free}
    there = managed.known(told=[told_of(device) for device in said.values()])
    owners = {number: device.pk for device in there for number in _numbers(device)}
    taken = _taken({device.pk for device in there})
    new: list[Row] = []
    for row in free:
        numbers = _numbers(said[row.item.key])
        found = {owners[number] for number in numbers if number in owners}
        row.item.trouble = ""
        if len(found) > 1:
            row.item.trouble = TWO_DEVICES
        elif found & taken:
            row.item.trouble = TAKEN
        elif found:
            [row.item.device_id] = found
            taken |= found
        else:
            new.append(row)
            # Another of this page with the same number finds the device taken.
            owners |= dict.fromkeys(numbers, -len(new))
            taken.add(-len(new))
    category = _categories([said[row.item.key] for row in new])
    devices = managed.add_many(
        told=[(told_of(said[row.item.key]), category(said[row.item.key])) for row in new],
        # In a pretend cloud the phones are pretended too; no gateway leads through Intune.
        gateway=SIMULATOR if connector.tenant.cloud == "sandbox" else "",
        now=now,
    )
    for row, device in zip(new, devices, strict=True):
        row.item.device_id = device.pk
    return len(devices)


def _numbers(device: Device | ManagedDevice) -> list[tuple[str, str]]:
    named = (("serial", device.serial), ("imei", device.imei), ("udid", device.udid))
    return [(name, value) for name, value in named if value]


def _taken(device_ids: Iterable[int]) -> set[int]:
    """Which of them are in the inventory already."""
    held = InventoryItem.objects.filter(device_id__in=list(device_ids), gone_at=None)
    return set(held.values_list("device_id", flat=True))


def _leave_taken(rows: Sequence[Row]) -> None:
    """An object that comes back has lost its device if another one stands for it by now."""
    if rows:
        taken = _taken(row.item.device_id for row in rows)
        for row in rows:
            if row.item.device_id in taken:
                row.item.device_id = None


# --- followed ---------------------------------------------------------------------------------


def follow(rows: Sequence[Row], *, now: datetime) -> None:
    """The devices are as Intune says now, and under management."""
    told = {}
    for row in rows:
        if row.item.device_id and (row.is_changed or row.is_newly_linked):
            after = asdict(told_of(managed_device(row.item.facts)))
            is_met = row.is_newly_linked or not row.before
            before = {} if is_met else asdict(told_of(managed_device(row.before)))
            told[row.item.device_id] = {
                name: value
                for name, value in after.items()
                if value != "" and value != before.get(name)
            }
    met = {row.item.device_id for row in rows if row.is_newly_linked and row.item.device_id}
    kept = _said_here(met)
    managed.follow_many(
        told={
            pk: {name: value for name, value in new.items() if name not in kept.get(pk, ())}
            for pk, new in told.items()
        }
    )
    back = {row.item.device_id for row in rows if row.was_gone and row.item.device_id}
    managed.mark_back(device_ids=met | back)


def _said_here(device_ids: set[int]) -> dict[int, set[str]]:
    """Of devices met for the first time: what the portal said before Intune did, and keeps."""
    names = ("name", "model", "serial", "imei", "udid")
    return {
        device.pk: {name for name in names if getattr(device, name)}
        for device in Device.objects.filter(pk__in=device_ids)
    }


def mark_gone(items: Sequence[InventoryItem]) -> None:
    """Intune knows them no more: the devices are unmanaged, and stay."""
    managed.mark_gone(device_ids=[item.device_id for item in items if item.device_id])


# --- sorted into categories -------------------------------------------------------------------


def make_categories(names: Iterable[str]) -> None:
    """Categories that Intune has and the portal has not."""
    known = {name.lower() for name in DeviceCategory.objects.values_list("name", flat=True)}
    for name in names:
        short = name.strip()[:80]
        if short.lower() not in known | NO_CATEGORY:
            categories.add(terms=categories.CategoryTerms(name=short), by=None)
            known.add(short.lower())


def _categories(said: Sequence[ManagedDevice]) -> Callable[[ManagedDevice], int | None]:
    """Which category each of these devices belongs in; those that are missing are made."""
    if not said:
        return lambda device: None
    make_categories(dict.fromkeys(device.category for device in said))
    there = list(DeviceCategory.objects.order_by("pk"))
    by_name = {category.name.lower(): category for category in there}
    personal = next((category for category in there if category.is_personal), None)
    if personal is None and any(device.is_personal for device in said):
        personal = by_name.get(_("Personal").lower()) or categories.add(
            terms=categories.CategoryTerms(name=_("Personal"), is_personal=True), by=None
        )

    def of(device: ManagedDevice) -> int | None:
        named = by_name.get(device.category.lower())
        if device.is_personal and personal and not (named and named.is_personal):
            return int(personal.pk)
        return named.pk if named else None

    return of


def sort(rows: Sequence[Row], *, now: datetime) -> None:
    """Move devices whose category or owner is another one at Intune; and those that had none."""
    met = [row for row in rows if row.item.device_id and row.is_newly_linked]
    bare = set(
        Device.objects.filter(
            pk__in=[row.item.device_id for row in met], category=None
        ).values_list("pk", flat=True)
    )
    moving: list[tuple[int, ManagedDevice]] = []
    for row in rows:
        device_id = row.item.device_id
        if device_id is None or not (row.is_changed or device_id in bare):
            continue
        said = managed_device(row.item.facts)
        was = managed_device(row.before) if row.before and not row.is_newly_linked else None
        differs = was and (was.category, was.is_personal) != (said.category, said.is_personal)
        if differs or device_id in bare:
            moving.append((device_id, said))
    of = _categories([said for _pk, said in moving])
    by_id = {category.pk: category for category in DeviceCategory.objects.all()} if moving else {}
    places: dict[int | None, list[int]] = defaultdict(list)
    for device_id, said in moving:
        places[of(said)].append(device_id)
    for category_id, device_ids in places.items():
        category = by_id.get(category_id) if category_id else None
        categories.move_many(device_ids=device_ids, category=category, now=now, by=None)
