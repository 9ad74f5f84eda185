"""The acts of the audit log that concern a line and its device, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from audit.models import AuditEvent

ACTS = {
    "line.added": gettext_lazy("Line added"),
    "line.edited": gettext_lazy("Line edited"),
    "line.retired": gettext_lazy("Line retired"),
    "line.unblocked": gettext_lazy("Unblocked by hand"),
    "line.unblock_ended": gettext_lazy("Unblocking by hand ended"),
    "device.added": gettext_lazy("Device added"),
    "device.simulated_added": gettext_lazy("Simulated device added"),
    "device.edited": gettext_lazy("Device edited"),
    "device.retired": gettext_lazy("Device retired"),
    "device.sim_put_in": gettext_lazy("SIM put in the device"),
    "device.sim_taken_out": gettext_lazy("SIM taken out of the device"),
    "device.blocked_by_hand": gettext_lazy("Blocked by hand"),
    "device.released_by_hand": gettext_lazy("Released by hand"),
}
"""What each act of the log is called; one that is not here shows its own name."""

FACT_NAMES = {
    "msisdn": gettext_lazy("Phone number"),
    "reference": gettext_lazy("Carrier's reference"),
    "cost_centre": gettext_lazy("Cost centre"),
    "note": gettext_lazy("Note"),
    "plan": gettext_lazy("Plan"),
    "policy": gettext_lazy("Policy"),
    "person": gettext_lazy("Person"),
    "sim": gettext_lazy("SIM"),
    "device": gettext_lazy("Device"),
    "carrier": gettext_lazy("Carrier"),
    "lines": gettext_lazy("Lines"),
    "devices": gettext_lazy("Devices"),
    "slot": gettext_lazy("Slot"),
    "until": gettext_lazy("Until"),
    "restriction": gettext_lazy("Restriction"),
}


def act_in_words(event: AuditEvent) -> str:
    """What was done, with the reason that was given."""
    verb = ACTS.get(event.action, event.action)
    return f"{verb}. {event.reason}" if event.reason else f"{verb}."


def changes_in_words(event: AuditEvent) -> list[tuple[str, str]]:
    """Each changed fact, as its name and `before → after`."""
    before, after = event.before or {}, event.after or {}
    return [
        (
            str(FACT_NAMES.get(name, name.replace("_", " ").capitalize())),
            f"{before.get(name) or '–'} → {after.get(name) or '–'}",
        )
        for name in {**before, **after}
    ]
