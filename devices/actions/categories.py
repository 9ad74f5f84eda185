"""Categories, and which devices are in them.

1. A change is written with its audit event.
2. The lines of the devices touched are judged again, which ends their blocks or begins them.
3. The desired state is worked out anew: on a personal device reasons are held (see reasons.py).

Lines' watches are locked before controls, as everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import Act, Actor, changes, record, record_many
from common.refusals import Refused, refusing
from devices.actions.reasons import refresh_desired
from devices.models import Device, DeviceCategory, DeviceFacts, DeviceSim, DeviceState
from devices.ports import tell_sims_moved


@dataclass(frozen=True)
class CategoryTerms:
    """What a person may say about a category."""

    name: str
    is_personal: bool = False


class CategoryRefused(Refused):
    """The category cannot be added, changed, deleted or given to this device."""


def _taken() -> dict[str, tuple[str, str]]:
    return {"device_category_name_once": ("name", _("Another category already has this name."))}


def create_defaults(**new_tenant: Any) -> None:
    """Corporate and Personal; called in the transaction that creates the tenant."""
    for name, is_personal in ((_("Corporate"), False), (_("Personal"), True)):
        DeviceCategory.objects.create(name=name, is_personal=is_personal)


@transaction.atomic
def add(*, terms: CategoryTerms, by: Actor | None) -> DeviceCategory:
    """A new category. Raises CategoryRefused when the name is taken."""
    category = DeviceCategory(**asdict(terms))
    with refusing(CategoryRefused, _taken()):
        category.save()
    record(by=by, action="category.added", subject=category, after=asdict(terms))
    return category


@transaction.atomic
def edit(
    *, category: DeviceCategory, terms: CategoryTerms, now: datetime, by: Actor
) -> DeviceCategory:
    """Another name, or personal where it was not. Raises CategoryRefused for a taken name."""
    category = _locked(category)
    new = asdict(terms)
    before, after = changes(before={name: getattr(category, name) for name in new}, after=new)
    if not after:
        return category
    for name, value in new.items():
        setattr(category, name, value)
    with refusing(CategoryRefused, _taken()):
        category.save(update_fields=list(new))
    DeviceFacts.objects.filter(device__category=category).update(is_stale=True)  # rules may ask
    record(by=by, action="category.edited", subject=category, before=before, after=after)
    if "is_personal" in after:
        _follow(list(category.devices.values_list("pk", flat=True)), now)
    return category


@transaction.atomic
def delete(*, category: DeviceCategory, now: datetime, by: Actor) -> int:
    """Its devices become unassigned; returns how many did."""
    category = _locked(category)
    device_ids = list(
        category.devices.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)
    )
    Device.objects.filter(pk__in=device_ids).update(category=None)
    if category.is_personal:
        _follow(device_ids, now)
    record(
        by=by,
        action="category.deleted",
        subject=category,
        before={"name": category.name, "devices": len(device_ids)},
    )
    category.delete()
    return len(device_ids)


def move(
    *, device: Device, category: DeviceCategory | None, now: datetime, by: Actor | None
) -> None:
    """Put one device in a category, or (None) in none. Raises CategoryRefused when retired."""
    if device.state == DeviceState.RETIRED:
        raise CategoryRefused(_("This device is retired."))
    move_many(device_ids=[device.pk], category=category, now=now, by=by)


@transaction.atomic
def move_many(
    *,
    device_ids: Collection[int],
    category: DeviceCategory | None,
    now: datetime,
    by: Actor | None,
) -> dict[int, int | None]:
    """Put devices in a category; returns those that moved, with the category they came from.

    Retired devices, and those that are there already, stay. Each move is in the audit log.
    """
    if category is not None:
        category = _locked(category)
    devices = list(
        Device.objects.filter(pk__in=device_ids)
        .exclude(state=DeviceState.RETIRED)
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    new_id = category.pk if category else None
    moved = [device for device in devices if device.category_id != new_id]
    Device.objects.filter(pk__in=[device.pk for device in moved]).update(category=category)
    names = dict(DeviceCategory.objects.values_list("pk", "name"))
    record_many(
        by=by,
        acts=[
            Act(
                action="device.category_changed",
                subject=device,
                before={"category": names.get(device.category_id)},
                after={"category": names.get(new_id)},
            )
            for device in moved
        ],
    )
    personal = set(DeviceCategory.objects.filter(is_personal=True).values_list("pk", flat=True))
    _follow(
        [device.pk for device in moved if (device.category_id in personal) != (new_id in personal)],
        now,
    )
    return {device.pk: device.category_id for device in moved}


def _locked(category: DeviceCategory) -> DeviceCategory:
    """The category as it is now. Raises CategoryRefused when somebody has deleted it."""
    current = DeviceCategory.objects.select_for_update().filter(pk=category.pk).first()
    if current is None:
        raise CategoryRefused(_("Somebody has deleted this category in the meantime."))
    return current


def _follow(device_ids: Iterable[int], now: datetime) -> None:
    """These devices became personal, or are personal no more."""
    ids = list(device_ids)
    seats = DeviceSim.objects.open().filter(device_id__in=ids)
    tell_sims_moved(sim_ids=list(seats.values_list("sim_id", flat=True)))
    refresh_desired(device_ids=ids, now=now)
