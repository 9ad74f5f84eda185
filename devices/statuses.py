"""How the statuses of devices, commands and restrictions look."""

from django.utils.translation import gettext_lazy as _

from common.statuses import Look, register_statuses
from devices.models import CommandStatus, DeviceControl, DeviceState

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
