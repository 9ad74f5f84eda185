"""Connectors, as the apps below ask for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from alerts.ports import Subject
from connectors.models import Connector


class AlertConnectors:
    """The connectors of the tenant in scope, as alerts.ports.Subjects asks for them."""

    def named(self, *, ids: Collection[int]) -> dict[int, Subject]:
        names = Connector.objects.filter(pk__in=ids).values_list("pk", "display_name")
        return {pk: Subject(label=name, page="connectors:connector") for pk, name in names}

    def matching(self, *, text: str, country: str) -> Any:
        return Connector.objects.filter(display_name__icontains=text).values("pk")
