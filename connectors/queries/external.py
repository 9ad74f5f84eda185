"""Connectors that take signals from outside."""

from __future__ import annotations

from connectors.models import Connector, Provider


def external_connectors() -> list[Connector]:
    """All of the tenant in scope, oldest first; a handful at most."""
    return list(Connector.objects.exclude(provider=Provider.BUILT_IN).order_by("pk"))
