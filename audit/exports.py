"""The audit log as rows of an export, in the words of the language in use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.models import AuditEvent
from audit.wording import kind_label

_AT_ONCE = 2_000


def head(zone: ZoneInfo) -> list[str]:
    """The columns' names; times are told in the tenant's zone, which is named."""
    return [
        _("Time (%(zone)s)") % {"zone": zone.key},
        _("Person"),
        _("Action"),
        _("Act's key"),
        _("Kind of object"),
        _("Object"),
        _("Before"),
        _("After"),
        _("Reason"),
        _("Address"),
    ]


def rows(events: QuerySet[AuditEvent], zone: ZoneInfo) -> Iterator[list[Any]]:
    """One row for each event, newest first, read as they are sent."""
    for event in events.order_by("-at", "-pk").iterator(chunk_size=_AT_ONCE):
        yield [
            event.at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
            event.actor,
            event.label,
            event.action,
            kind_label(event.object_type),
            event.object_name,
            _facts(event.before),
            _facts(event.after),
            event.reason,
            event.address or "",
        ]


def _facts(facts: dict[str, Any] | None) -> str:
    return json.dumps(facts, ensure_ascii=False) if facts else ""
