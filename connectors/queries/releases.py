"""What turning a connector off would release, and how far the last release is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from common.tenancy import current_tenant_id
from connectors.models import Connector
from connectors.models import Release as Releasing
from devices.models import RestrictionReason


@dataclass(frozen=True)
class Release:
    """Devices that would be told, and the restrictions that stand on them for this connector."""

    devices: int
    restrictions: int


def would_release(*, connector: Connector) -> Release:
    """Counts as of now (one query)."""
    counts = RestrictionReason.objects.filter(origin=connector.origin).aggregate(
        devices=Count("device_id", distinct=True), restrictions=Count("pk")
    )
    return Release(**counts)


# A device that is out of management will never answer, and nobody waits for it.
PROGRESS = """
SELECT count(*),
       count(*) FILTER (WHERE d.state = 'retired'
                           OR coalesce(c.observed, '{}') <@ c.desired)
FROM unnest(%(devices)s::bigint[]) AS w(device_id)
JOIN devices_devicecontrol c ON c.tenant_id = %(tenant)s AND c.device_id = w.device_id
JOIN devices_device d ON d.tenant_id = %(tenant)s AND d.id = w.device_id
"""


@dataclass(frozen=True)
class Progress:
    """Devices that the last turning off had to tell, and those that have been seen free since."""

    total: int
    done: int

    @property
    def waiting(self) -> int:
        return self.total - self.done

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def release_progress(*, connector: Connector) -> Progress | None:
    """How far the release is; None while the connector is on, and when nothing was released."""
    if connector.portal_enabled:
        return None
    last = Releasing.objects.filter(connector=connector).order_by("-started_at", "-pk").first()
    if last is None or not last.device_ids:
        return None
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, {"devices": last.device_ids, "tenant": current_tenant_id()})
        total, done = cursor.fetchone()
    return Progress(total=total, done=done)
