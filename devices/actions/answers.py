"""What devices answered: onto the command, whenever it comes, and onto the control if newest.

1. The controls are locked in the order of their devices, and the commands after them: whoever
   locks both does so in this order, so answers, enforcers and retirements never deadlock.
2. An answer closes its command; one that comes for a closed command is kept beside it.
3. The observation is taken over only if no newer generation has been observed, and the control
   is due again unless the device is as it shall be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from devices.actions.reasons import ENFORCE
from devices.models import Command, CommandStatus, DeviceControl
from devices.models.command import OPEN_STATUSES
from devices.plan import BACK_OFF, RESYNC_AFTER, wait_after
from devices.platforms import read_answer
from devices.platforms.answers import Answer
from jobs.nudges import nudge

PATIENCE = 6
"""Attempts (commands handed over, and looks that found a device astray) before pauses begin."""
CHANGE_KINDS = ("InstallProfile", "RemoveProfile", "knox.restriction")
COMMAND_FIELDS = ["status", "answer", "answered_at", "delivered_at", "closed_at", "error"]
COMMAND_FIELDS += ["not_now_tally"]
CONTROL_FIELDS = ["observed", "observed_generation", "observed_at", "must_look", "leased_until"]
CONTROL_FIELDS += ["next_attempt_at", "attempts", "last_error"]


@dataclass(frozen=True)
class Incoming:
    """The bytes a device sent in answer to a command."""

    command_id: UUID
    raw: bytes


def record_answers(*, answers: Sequence[Incoming], now: datetime) -> int:
    """Record answers of the tenant in scope; returns how many belonged to a known command."""
    by_id = {item.command_id: item.raw for item in answers}
    with transaction.atomic():
        known = Command.objects.filter(pk__in=by_id)
        controls = {
            control.device_id: control
            for control in DeviceControl.objects.filter(
                device_id__in=set(known.values_list("device_id", flat=True))
            )
            .order_by("device_id")
            .select_for_update()
        }
        commands = list(
            known.select_related("device")
            .order_by("device_id", "created_at")
            .select_for_update(of=["self"])
        )
        proven: list[Command] = []
        for command in commands:
            raw = by_id[command.pk]
            answer = read_answer(
                platform=command.device.platform,
                kind=command.kind,
                payload=bytes(command.payload),
                raw=raw,
            )
            was_open = command.status in OPEN_STATUSES
            _close(command, answer, raw, now, was_open)
            if was_open:
                _observe(controls[command.device_id], command, answer, now)
                if answer.observed is not None and command.kind not in CHANGE_KINDS:
                    proven.append(command)
        Command.objects.bulk_update(commands, COMMAND_FIELDS, batch_size=500)
        DeviceControl.objects.bulk_update(controls.values(), CONTROL_FIELDS, batch_size=500)
        _verify_acknowledged(proven, controls)
        if any(
            control.next_attempt_at and control.next_attempt_at <= now
            for control in controls.values()
        ):
            nudge(ENFORCE)
    return len(commands)


def _close(command: Command, answer: Answer, raw: bytes, now: datetime, was_open: bool) -> None:
    command.answer = raw
    command.answered_at = now
    command.delivered_at = command.delivered_at or now
    if not was_open:
        return
    command.status = answer.status
    command.error = answer.error
    if answer.status == CommandStatus.NOT_NOW:
        command.not_now_tally += 1
    else:
        command.closed_at = now


def _observe(control: DeviceControl, command: Command, answer: Answer, now: datetime) -> None:
    control.leased_until = None
    if answer.observed is not None and command.generation >= control.observed_generation:
        control.observed = sorted(answer.observed)
        control.observed_generation = command.generation
        control.observed_at = now
        control.must_look = False
    is_old = command.generation < control.desired_generation  # the newer wish does not wait
    if answer.status == CommandStatus.NOT_NOW:
        pause = wait_after(command.not_now_tally, BACK_OFF)
        control.next_attempt_at = now if is_old else now + pause
    elif answer.status in {CommandStatus.FAILED, CommandStatus.FORMAT_ERROR}:
        control.attempts = min(control.attempts + 1, 30_000)
        control.last_error = answer.error
        pause = wait_after(control.attempts, BACK_OFF)
        control.next_attempt_at = now if is_old else now + pause
    elif answer.observed is None:
        control.must_look = True  # acknowledged, yet only a look proves it
        control.next_attempt_at = now
    elif control.is_in_step:
        control.attempts, control.last_error = 0, ""
        control.next_attempt_at = now + RESYNC_AFTER if control.desired else None
    else:
        # Told at once; but a device that keeps saying yes and doing nothing is not told all day.
        control.attempts = min(control.attempts + 1, 30_000)
        told = control.attempts - PATIENCE
        control.next_attempt_at = now + wait_after(told, BACK_OFF) if told > 0 else now


def _verify_acknowledged(looks: list[Command], controls: dict[int, DeviceControl]) -> None:
    """A look that finds what a change asked for proves the change."""
    in_step = [look.device_id for look in looks if controls[look.device_id].is_in_step]
    if in_step:
        Command.objects.filter(
            device_id__in=in_step,
            status=CommandStatus.ACKNOWLEDGED,
            kind__in=CHANGE_KINDS,
            created_at__gte=min(look.created_at for look in looks) - timedelta(days=1),
        ).update(status=CommandStatus.VERIFIED)
