"""Connectors, as the apps below ask for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from alerts.ports import Subject
from common.permissions import Permission
from connectors.models import Connector
from tenants.ports import Directory


class AlertConnectors:
    """The connectors of the tenant in scope, as alerts.ports.Subjects asks for them."""

    def named(self, *, ids: Collection[int]) -> dict[int, Subject]:
        names = Connector.objects.filter(pk__in=ids).values_list("pk", "display_name")
        return {
            pk: Subject(name, "connectors:connector", Permission.VIEW_CONNECTORS)
            for pk, name in names
        }

    def matching(self, *, text: str, country: str) -> Any:
        return Connector.objects.filter(display_name__icontains=text).values("pk")


def proven_directories() -> list[Directory]:
    """The Microsoft tenants that the tenant in scope is connected to, for tenants.ports."""
    rows = Connector.objects.filter(app_authorized=True, directory_id__isnull=False)
    names = {row.directory_id: row.directory_name for row in rows.order_by("pk")}
    return [Directory(id=key, name=name) for key, name in names.items() if key is not None]
