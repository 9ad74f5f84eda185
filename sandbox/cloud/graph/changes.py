"""Writing to the pretend directory: every change gets a number, for delta queries.

The number comes from the organisation's row, locked until the transaction ends, so a reader who
saw number n has seen everything below it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F

from sandbox.models import CloudObject, CloudTenant, Kind


def next_version(tenant_id: uuid.UUID) -> int:
    """The number of the change about to be written; call inside a transaction."""
    CloudTenant.objects.filter(pk=tenant_id).update(version=F("version") + 1)
    return CloudTenant.objects.values_list("version", flat=True).get(pk=tenant_id)


@transaction.atomic
def put(tenant: CloudTenant, kind: Kind, body: dict[str, Any], **more: Any) -> CloudObject:
    """Store a new or changed object by its `id`."""
    version = next_version(tenant.pk)
    stored, _made = CloudObject.objects.update_or_create(
        cloud_tenant=tenant,
        kind=kind,
        object_id=body["id"],
        defaults={"body": body, "changed": version, "removed": False, **more},
    )
    return stored


@transaction.atomic
def put_many(
    tenant: CloudTenant, kind: Kind, objects: Iterable[CloudObject], *, size: int = 1000
) -> None:
    """Store many new objects, as one change."""
    version = next_version(tenant.pk)
    for item in (ready := list(objects)):
        item.cloud_tenant = tenant
        item.kind = kind
        item.changed = version
    CloudObject.objects.bulk_create(ready, batch_size=size)


@transaction.atomic
def save(row: CloudObject) -> None:
    row.changed = next_version(row.cloud_tenant_id)
    row.save(update_fields=["body", "hidden", "changed", "removed"])


def remove(row: CloudObject) -> None:
    """Deleted objects stay as a mark, so that delta queries can tell of them."""
    row.removed = True
    save(row)
