"""Writing the audit log: always in the transaction of the act it tells of."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models
from django.utils import timezone

from audit.models import AuditEvent

request_address: ContextVar[str | None] = ContextVar("request_address", default=None)
"""The client's address while a request is served, set by the tenant middleware."""


class Actor(Protocol):
    """A signed-in person, as far as the log needs to know."""

    pk: Any
    email: str


@dataclass(frozen=True)
class Act:
    """One event about to be written; `before` and `after` hold only what changed."""

    action: str
    subject: models.Model
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str = ""
    name: str = ""


PORTAL = "portal"
"""The actor's name when no person acted."""


def record(
    *,
    by: Actor | None,
    action: str,
    subject: models.Model,
    tenant_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Append one event. `action` is a dotted verb such as `line.retired`."""
    act = Act(action=action, subject=subject, before=before, after=after, reason=reason)
    record_many(by=by, acts=[act], tenant_id=tenant_id)


def record_many(*, by: Actor | None, acts: Iterable[Act], tenant_id: int | None = None) -> None:
    """Append many events with one statement. The tenant is the subject's own unless given."""
    now = timezone.now()
    AuditEvent._base_manager.bulk_create(
        [
            AuditEvent(
                tenant_id=tenant_id or getattr(act.subject, "tenant_id", None),
                at=now,
                actor_id=by.pk if by else None,
                actor=by.email if by else PORTAL,
                action=act.action,
                object_type=act.subject._meta.model_name,
                object_id=str(act.subject.pk),
                object_name=(act.name or str(act.subject))[:200],
                reason=act.reason[:500],
                before=act.before,
                after=act.after,
                address=request_address.get(),
            )
            for act in acts
        ]
    )


def changes(*, before: dict[str, Any], after: dict[str, Any]) -> tuple[dict, dict]:
    """The two dictionaries reduced to the keys whose values differ, as JSON-ready texts."""
    differing = [key for key in after if before.get(key) != after[key]]
    return (
        {key: _plain(before.get(key)) for key in differing},
        {key: _plain(after[key]) for key in differing},
    )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return str(value)
