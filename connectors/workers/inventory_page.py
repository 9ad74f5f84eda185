"""One page of the inventory: what differs is written, here and in the portal's devices and people.

1. Each object that the page names becomes a row, which knows what it was before.
2. Managed devices find or make their device (inventory_devices) and their line (inventory_lines),
   users their person (inventory_people). Only their links are set so far.
3. Rows that are new or other are written; then the portal's devices follow, SIMs go in, and what
   is gone is marked. Where nothing differs, nothing is written.

All of it is part of the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from common.tenancy import current_tenant_id
from connectors.inventory_sources import Source
from connectors.models import Connector, InventoryItem, ItemKind
from connectors.workers import inventory_devices, inventory_lines, inventory_people
from connectors.workers.inventory_details import last_sync_of
from connectors.workers.inventory_rows import LINKS, Row, links_of

AGAIN = 1_000
"""How many managed devices without a device are looked at again at the end of a sync."""
_WRITTEN = ["name", "facts", "digest", "changed_at", "gone_at", "last_sync", *LINKS]


@dataclass
class CameTo:
    """What was written, in objects of the inventory and in the portal."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    conflicts: int = 0
    devices_added: int = 0
    sims_moved: int = 0
    holders_given: int = 0
    people_added: int = 0


def take(
    *, connector: Connector, source: Source, bodies: Mapping[str, dict[str, Any]], now: datetime
) -> CameTo:
    """Write what a page of Graph tells; `bodies` are its objects by their ids."""
    found = InventoryItem.objects.filter(
        connector=connector, kind=source.kind, key__in=list(bodies)
    )
    there = {item.key: item for item in found}
    removed = [key for key, body in bodies.items() if "@removed" in body]
    came_to = CameTo(gone=_mark_gone(source, [there[key] for key in removed if key in there], now))
    rows = [
        _row(connector, source, key, body, there.get(key), now)
        for key, body in bodies.items()
        if "@removed" not in body
    ]
    _settle(connector, source, rows, now, came_to)
    return came_to


def gone(*, connector: Connector, source: Source, keys: Sequence[str], now: datetime) -> CameTo:
    """These objects were not there any more."""
    found = InventoryItem.objects.filter(connector=connector, kind=source.kind, key__in=keys)
    return CameTo(gone=_mark_gone(source, list(found), now))


def again(*, connector: Connector, source: Source, now: datetime) -> CameTo:
    """Managed devices that found no device, when all is read: what was in their way may be gone."""
    came_to = CameTo()
    if source.kind == ItemKind.DEVICE:
        found = InventoryItem.objects.filter(connector=connector, kind=source.kind, gone_at=None)
        items = found.exclude(trouble="").order_by("pk")[:AGAIN]
        rows = [Row(item=item, before=item.facts, links=links_of(item)) for item in items]
        _settle(connector, source, rows, now, came_to)
    return came_to


def _row(
    connector: Connector,
    source: Source,
    key: str,
    body: Mapping[str, Any],
    item: InventoryItem | None,
    now: datetime,
) -> Row:
    facts = dict(item.facts) if item and not item.gone_at and source.has_delta else {}
    for name in source.facts:
        if body.get(name) not in (None, ""):
            facts[name] = body[name]
        elif name in body:
            facts.pop(name, None)
    digest = sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    if item is None:
        item = InventoryItem(
            tenant_id=current_tenant_id(), connector=connector, kind=source.kind, key=key,
            added_at=now,
        )  # fmt: skip
        row = Row(item=item, before={}, links=links_of(item), is_changed=True)
    else:
        row = Row(
            item=item,
            before=item.facts,
            links=links_of(item),
            is_changed=item.digest != digest or item.gone_at is not None,
            was_gone=item.gone_at is not None,
        )
    if row.is_changed:
        item.name = str(facts.get(source.name) or key)[:200]
        item.facts, item.digest = facts, digest
        item.changed_at, item.gone_at = now, None
    if source.kind == ItemKind.DEVICE:
        row.is_heard = item.last_sync != last_sync_of(body)
        item.last_sync = last_sync_of(body)
    return row


def _settle(
    connector: Connector, source: Source, rows: Sequence[Row], now: datetime, came_to: CameTo
) -> None:
    """Steps 2 and 3."""
    if source.kind == ItemKind.DEVICE:
        came_to.devices_added = inventory_devices.link(rows, connector=connector, now=now)
        inventory_lines.match(rows)
    elif source.kind == ItemKind.USER:
        came_to.people_added = inventory_people.link(rows, now=now)
    elif source.kind == ItemKind.CATEGORY:
        inventory_devices.make_categories(
            [str(row.item.facts.get(source.name, "")) for row in rows if row.is_changed]
        )
    _write(rows, came_to)
    if source.kind == ItemKind.DEVICE:
        inventory_devices.follow(rows, now=now)
        came_to.sims_moved, came_to.holders_given = inventory_lines.seat(rows, now=now)
        inventory_devices.sort(rows, now=now)
    elif source.kind == ItemKind.USER:
        inventory_people.follow(rows)


def _write(rows: Sequence[Row], came_to: CameTo) -> None:
    new = [row.item for row in rows if row.item.pk is None]
    known = [row for row in rows if row.item.pk is not None]
    InventoryItem.objects.bulk_create(new)
    InventoryItem.objects.bulk_update(
        [row.item for row in known if row.is_changed or row.is_relinked or row.is_heard], _WRITTEN
    )
    came_to.added += len(new)
    came_to.changed += sum(row.is_changed for row in known)
    came_to.conflicts += sum(row.is_conflict and row.is_relinked for row in rows)


def _mark_gone(source: Source, items: Sequence[InventoryItem], now: datetime) -> int:
    """The rows stay, and what they stand for in the portal is marked."""
    going = [item for item in items if item.gone_at is None]
    InventoryItem.objects.filter(pk__in=[item.pk for item in going]).update(gone_at=now)
    if source.kind == ItemKind.DEVICE:
        inventory_devices.mark_gone(going)
    elif source.kind == ItemKind.USER:
        inventory_people.mark_gone(going, now=now)
    return len(going)
