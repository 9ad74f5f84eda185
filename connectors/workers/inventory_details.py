"""What Intune tells of a managed device only when it is asked by its id: ICCID and UDID.

Graph's list leaves both empty. They are asked for in batches; where a device has not spoken with
Intune since they were last read, they are what they were, unless everything is to be read anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from connectors.graph import BadAnswer, BatchAnswer, BatchRequest, GraphClient, NotFound
from connectors.models import Connector, InventoryItem, ItemKind

BY_ID = ("iccid", "udid")
_PATH = "/deviceManagement/managedDevices/{}?$select=id,iccid,udid"


def last_sync_of(body: Mapping[str, Any]) -> str:
    """When the device last spoke with Intune, as Graph writes it."""
    return str(body.get("lastSyncDateTime") or "")[:40]


def complete(
    client: GraphClient, connector: Connector, bodies: dict[str, dict[str, Any]], *, whole: bool
) -> None:
    """Put into the bodies of a page what the list left out; who is gone meanwhile leaves the page.

    Raises GraphError.
    """
    known = InventoryItem.objects.filter(
        connector=connector, kind=ItemKind.DEVICE, gone_at=None, key__in=list(bodies)
    )
    there = {item.key: item for item in known}
    asked = []
    for key, body in bodies.items():
        item = there.get(key)
        if whole or item is None or item.last_sync != last_sync_of(body):
            asked.append(BatchRequest(id=key, url=_PATH.format(quote(key, safe=""))))
        else:
            body.update({name: item.facts.get(name, "") for name in BY_ID})
    for key, answer in client.batch(asked).items():
        if isinstance(answer.error, NotFound):
            del bodies[key]
        else:
            bodies[key].update(_details(answer))


def _details(answer: BatchAnswer) -> dict[str, Any]:
    if answer.error is not None:
        raise answer.error
    if not isinstance(answer.body, dict):
        raise BadAnswer(code="managedDevice")
    return {name: answer.body.get(name) for name in BY_ID}
