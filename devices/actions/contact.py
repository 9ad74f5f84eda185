"""A device that speaks up by itself: what it put off with NotNow is offered again at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from devices.actions.reasons import ENFORCE
from devices.models import Command, CommandStatus, DeviceControl
from jobs.nudges import nudge


def devices_polled(*, device_ids: Collection[int], now: datetime) -> int:
    """Note that these devices of the tenant in scope asked for work; returns how many had any.

    A gateway calls this when a device comes by without having been called (Apple: status Idle).
    """
    waiting = Command.objects.filter(device_id__in=device_ids, status=CommandStatus.NOT_NOW)
    due = DeviceControl.objects.filter(device_id__in=waiting.values("device_id")).update(
        next_attempt_at=now
    )
    if due:
        nudge(ENFORCE)
    return due
