"""What devices answered: onto the command, whenever it comes, and onto the control if newest.

1. The controls are locked in the order of their devices, and the commands after them: whoever
   locks both does so in this order, so answers, enforcers and retirements never deadlock.
2. An answer closes its command; one that comes for a closed command is kept beside it.
3. The observation is taken over only if no newer generation has been observed, and the control
   is due again unless the device is as it shall be.
4. A device that was as it shall be and is found otherwise has drifted: it is told again, the
   drift is counted, and after DRIFTS_TOLD of them people are told.
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
from devices.plan import (
    BACK_OFF,
    PUSH_AGAIN,
    RESYNC_AFTER,
    ROAMING,
    ROAMING_LEVER,
    RULES_LEVER,
    SWITCHES_LEVER,
    Nothing,
    plan,
    restrictions_read,
    wait_after,
)
from devices.platforms import read_answer
from devices.platforms.answers import Answer
from devices.queries.targets import situation_of, target_of
from devices.workers.device_alerts import (
    is_unheard,
    settle_unheard,
    tell_drifts,
    tell_format_errors,
)
from jobs.nudges import nudge

PATIENCE = 6
"""Attempts (commands handed over, and looks that found a device astray) before pauses begin."""
AWAY = timedelta(seconds=PUSH_AGAIN[0])
"""After this a device that answers had not heard of the command at first."""
LEVERS = {
    "Settings": ROAMING_LEVER,
    "DeviceInformation": ROAMING_LEVER,
    "InstallProfile": RULES_LEVER,
    "RemoveProfile": RULES_LEVER,
    "ProfileList": RULES_LEVER,
    "knox.restriction": SWITCHES_LEVER,
    "knox.query": SWITCHES_LEVER,
}
CHANGE_KINDS = ("Settings", "InstallProfile", "RemoveProfile", "knox.restriction")
COMMAND_FIELDS = ["status", "answer", "answered_at", "delivered_at", "closed_at", "error"]
COMMAND_FIELDS += ["not_now_tally"]
CONTROL_FIELDS = ["observed", "observed_generation", "observed_at", "must_look", "leased_until"]
CONTROL_FIELDS += ["next_attempt_at", "attempts", "last_error", "rules", "data_roaming", "to_read"]
CONTROL_FIELDS += ["roaming_before_block", "drifts"]


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
        unread: list[DeviceControl] = []
        silent = [control for control in controls.values() if is_unheard(control, now)]
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
                if answer.status == CommandStatus.VERIFIED and command.kind not in CHANGE_KINDS:
                    proven.append(command)
                if answer.status == CommandStatus.FORMAT_ERROR:
                    unread.append(controls[command.device_id])
        Command.objects.bulk_update(commands, COMMAND_FIELDS, batch_size=500)
        DeviceControl.objects.bulk_update(controls.values(), CONTROL_FIELDS, batch_size=500)
        _verify_acknowledged(proven, controls)
        tell_drifts(controls.values(), now)
        tell_format_errors(unread, now)
        settle_unheard(silent, now)
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
    if command.handed_over_at and now - command.handed_over_at >= AWAY:
        control.attempts = 0  # it was called in vain while it was away; that is no fault of it
    lever = LEVERS.get(command.kind, SWITCHES_LEVER)
    is_reading = answer.observed is not None or answer.data_roaming is not None
    if is_reading and command.generation >= control.observed_generation:
        _take_over(control, command, answer, lever, now)
    is_old = command.generation < control.desired_generation  # the newer wish does not wait
    if answer.status == CommandStatus.NOT_NOW:
        pause = wait_after(command.not_now_tally, BACK_OFF)
        control.next_attempt_at = now if is_old else now + pause
    elif answer.status in {CommandStatus.FAILED, CommandStatus.FORMAT_ERROR}:
        control.attempts = min(control.attempts + 1, 30_000)
        control.last_error = answer.error
        pause = wait_after(control.attempts, BACK_OFF)
        control.next_attempt_at = now if is_old else now + pause
    elif not is_reading:
        control.to_read = sorted({*control.to_read, lever})  # only a look proves it
        control.next_attempt_at = now
    elif control.is_in_step and not control.to_read and _is_done(control, command, now):
        control.attempts, control.last_error = 0, ""
        if ROAMING not in control.desired:
            control.roaming_before_block = None  # given back, or never taken
        control.next_attempt_at = now + RESYNC_AFTER if control.desired else None
    else:
        # Told at once; but a device that keeps saying yes and doing nothing is not told all day.
        control.attempts = min(control.attempts + 1, 30_000)
        told = control.attempts - PATIENCE
        control.next_attempt_at = now + wait_after(told, BACK_OFF) if told > 0 else now


def _take_over(
    control: DeviceControl, command: Command, answer: Answer, lever: str, now: datetime
) -> None:
    was_in_step = control.is_in_step and control.observed_generation == control.desired_generation
    if lever == SWITCHES_LEVER:
        control.observed = sorted(answer.observed or ())
    else:
        if lever == RULES_LEVER:
            control.rules = sorted(answer.observed or ())
        else:
            control.data_roaming = answer.data_roaming
            if ROAMING in control.desired and control.roaming_before_block is None:
                control.roaming_before_block = answer.data_roaming
        control.observed = sorted(restrictions_read(situation_of(control)))
    control.observed_generation = command.generation
    control.observed_at = now
    control.to_read = [name for name in control.to_read if name != lever]
    control.must_look = False
    is_current = command.generation == control.desired_generation
    if is_current and was_in_step and control.desired and not control.is_in_step:
        control.drifts = min(control.drifts + 1, 30_000)
    if control.is_in_step:
        control.attempts = 0


def _is_done(control: DeviceControl, command: Command, now: datetime) -> bool:
    """Whether the planner has nothing left to do; a device can look right half-way."""
    target, situation = target_of(command.device), situation_of(control)
    return isinstance(plan(target=target, situation=situation, now=now), Nothing)


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
