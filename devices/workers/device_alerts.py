"""Alerts about a device itself: found astray, not heard of, or unable to read what it is sent.

Each is about one desire (a generation): a new desire settles them all (reasons.py). That a device
is not heard of ends also when it is heard of again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from alerts.actions import NewAlert, raise_alerts, settle_alerts
from devices.models import DeviceControl

DRIFTS_TOLD = 3
UNHEARD_AFTER = timedelta(hours=24)
"""How long a device may leave a command unanswered before people are told."""
DRIFT, UNHEARD, FORMAT = "device_drift", "device_unheard", "device_format_error"
_WORDS = {DRIFT: "drift", UNHEARD: "unheard", FORMAT: "format"}


def unheard_since(control: DeviceControl) -> datetime:
    """Since when the device owes an answer: its last one, or the desire if that is newer."""
    return max(filter(None, (control.desired_since, control.observed_at)))


def is_unheard(control: DeviceControl, now: datetime) -> bool:
    """Whether a device that has an open command has been silent for too long."""
    return now - unheard_since(control) >= UNHEARD_AFTER


def tell_drifts(controls: Iterable[DeviceControl], now: datetime) -> None:
    """Tell people of devices on which a restriction was undone again and again."""
    astray = [control for control in controls if control.drifts >= DRIFTS_TOLD]
    raise_alerts(
        alerts=[
            _alert(DRIFT, control, "device_drifts", {"times": control.drifts}) for control in astray
        ],
        now=now,
    )


def tell_unheard(controls: Iterable[DeviceControl], now: datetime) -> None:
    """Tell people of devices that have left a command unanswered for a day."""
    raise_alerts(
        alerts=[
            _alert(
                UNHEARD,
                control,
                "device_unheard",
                {"since": unheard_since(control).isoformat()},
            )
            for control in controls
            if is_unheard(control, now)
        ],
        now=now,
    )


def tell_format_errors(controls: Iterable[DeviceControl], now: datetime) -> None:
    """Tell people that a device cannot read a command: a fault of the portal."""
    raise_alerts(
        alerts=[_alert(FORMAT, control, "device_format_error", {}) for control in controls],
        now=now,
    )


def settle_unheard(controls: Collection[DeviceControl], now: datetime) -> None:
    """These devices have answered."""
    if controls:
        settle_alerts(
            subject_type="device",
            subject_ids=[control.device_id for control in controls],
            holding=[_identity(kind, control) for control in controls for kind in (DRIFT, FORMAT)],
            now=now,
        )


def _alert(kind: str, control: DeviceControl, reason: str, facts: dict[str, object]) -> NewAlert:
    return NewAlert(
        identity=_identity(kind, control),
        kind=kind,
        subject_type="device",
        subject_id=control.device_id,
        severity="warning",
        reason=reason,
        facts=facts,
    )


def _identity(kind: str, control: DeviceControl) -> str:
    name = f"{_WORDS[kind]} {control.device_id} {control.desired_generation}"
    return sha256(name.encode()).hexdigest()
