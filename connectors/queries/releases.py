"""What turning a connector off would release."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from connectors.models import Connector
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
