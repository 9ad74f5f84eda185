"""The acts of the audit log that concern a line and its device, in words."""

from __future__ import annotations

from audit.models import AuditEvent
from audit.wording import fact_label


def act_in_words(event: AuditEvent) -> str:
    """What was done, with the reason that was given."""
    verb = event.label
    return f"{verb}. {event.reason}" if event.reason else f"{verb}."


def changes_in_words(event: AuditEvent) -> list[tuple[str, str]]:
    """Each changed fact, as its name and `before → after`."""
    before, after = event.before or {}, event.after or {}
    return [
        (
            fact_label(name),
            f"{before.get(name) or '–'} → {after.get(name) or '–'}",
        )
        for name in {**before, **after}
    ]
