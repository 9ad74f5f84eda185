"""How the statuses of devices, commands and restrictions look."""

from django.utils.translation import gettext_lazy as _

from common.statuses import Look, register_statuses
from devices.models import CommandStatus, DeviceControl, DeviceState, Group

DEVICE = {
    "managed": Look("good", "circle-check"),
    "unmanaged": Look("warn", "circle-question-mark"),
    "retired": Look("neutral", "archive"),
}
COMMAND = {
    "refused": Look("bad", "ban"),
    "queued": Look("info", "clock"),
    "pushed": Look("info", "send"),
    "delivered": Look("info", "inbox"),
    "acknowledged": Look("info", "check"),
    "verified": Look("good", "circle-check"),
    "not_now": Look("warn", "lock"),
    "failed": Look("bad", "circle-x"),
    "format_error": Look("bad", "circle-x"),
    "superseded": Look("neutral", "replace"),
    "expired": Look("warn", "timer-off"),
    "cancelled": Look("neutral", "circle-slash"),
}
CONTROL_STATES = [
    ("free", _("Not restricted")),
    ("restricted", _("Restricted")),
    ("blocking", _("Block pending")),
    ("releasing", _("Release pending")),
    ("none", _("No device")),
]
CONTROL = {
    "free": Look("good", "circle-check"),
    "restricted": Look("bad", "ban"),
    "blocking": Look("warn", "clock"),
    "releasing": Look("warn", "clock"),
    "none": Look("neutral", "circle-dashed"),
}

GROUP_STATES = [
    ("assigned", _("Assigned by hand")),
    ("not_started", _("Not started")),
    ("evaluating", _("Evaluating")),
    ("complete", _("Update complete")),
    ("error", _("Processing error")),
    ("paused", _("Update paused")),
]
GROUP = {
    "assigned": Look("neutral", "hand"),
    "not_started": Look("info", "clock"),
    "evaluating": Look("info", "loader"),
    "complete": Look("good", "circle-check"),
    "error": Look("bad", "circle-x"),
    "paused": Look("warn", "circle-pause"),
}

register_statuses("device_group", choices=GROUP_STATES, looks=GROUP)
register_statuses("device", choices=DeviceState.choices, looks=DEVICE)
register_statuses("command", choices=CommandStatus.choices, looks=COMMAND)
register_statuses("control", choices=CONTROL_STATES, looks=CONTROL)


def control_state(control: DeviceControl | None) -> str:
    """One of CONTROL_STATES for a device's control, or for the lack of one."""
    if control is None:
        return "none"
    return state_of(desired=control.desired, observed=control.observed)


def state_of(*, desired: list[str] | None, observed: list[str] | None) -> str:
    """One of CONTROL_STATES for what a device shall be and was last seen to be.

    Pending is said while the two differ. A device nobody has looked at, and from which nothing
    is wanted, counts as free. `desired` is None where there is no device.
    """
    if desired is None:
        return "none"
    if observed is not None and sorted(observed) == sorted(desired):
        return "restricted" if desired else "free"
    if set(desired) - set(observed or []):
        return "blocking"
    return "releasing" if observed else "free"


def group_state(group: Group) -> str:
    """One of GROUP_STATES for a group, read with its watch."""
    if not group.is_dynamic:
        return "assigned"
    if group.is_paused:
        return "paused"
    if group.watch.due_at is not None:
        return "evaluating" if group.watch.run_at else "not_started"
    return "error" if group.watch.error else "complete"
