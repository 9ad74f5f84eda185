"""The portal's agent on a phone: it fetches its device's command, and says what came of it.

1. The one open command of the device is given out and marked as delivered by a conditional
   update, so a command that was superseded meanwhile is not given out any more. Until it is
   answered it is given out again at every call: an agent that lost it may ask once more.
2. A result is recorded once. The same bytes again change nothing; other bytes about a command
   that is closed and answered are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from common.tenancy import current_tenant_id
from devices.actions.answers import Incoming, record_answers
from devices.models import Command, CommandStatus, DeviceControl
from devices.models.command import OPEN_STATUSES

GIVE_OUT = """
UPDATE devices_command
SET status = 'delivered', delivered_at = coalesce(delivered_at, %(now)s),
    handed_over_at = coalesce(handed_over_at, %(now)s)
WHERE tenant_id = %(tenant)s AND device_id = %(device)s AND status = ANY(%(statuses)s)
RETURNING id, payload
"""


class UnknownCommand(Exception):
    """The device was never given a command with this id."""


class AlreadyAnswered(Exception):
    """The command is closed, and its answer was another one."""


@dataclass(frozen=True)
class Given:
    """A command for the wire."""

    command_id: UUID
    payload: bytes


def give_out(*, device_id: int, now: datetime, again: bool = True) -> Given | None:
    """The open command of a device, which has it from now on; None if there is nothing to do.

    Without `again` what the device put off (NotNow) is not offered once more.
    """
    statuses = [
        status.value for status in OPEN_STATUSES if again or status != CommandStatus.NOT_NOW
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_OUT,
            {
                "tenant": current_tenant_id(),
                "device": device_id,
                "now": now,
                "statuses": statuses,
            },
        )
        row = cursor.fetchone()
    return Given(row[0], bytes(row[1])) if row else None


def in_hand(*, device_id: int) -> UUID | None:
    """The command that the device was given and has not answered."""
    delivered = Command.objects.filter(device_id=device_id, status=CommandStatus.DELIVERED)
    return delivered.values_list("pk", flat=True).first()


def take_result(*, device_id: int, command_id: UUID, raw: bytes, now: datetime) -> bool:
    """Record what a device says about one of its commands; False where it said so before.

    Raises UnknownCommand, AlreadyAnswered.
    """
    with transaction.atomic():
        DeviceControl.objects.select_for_update().get(device_id=device_id)
        command = Command.objects.filter(pk=command_id, device_id=device_id).first()
        if command is None or command.delivered_at is None:
            raise UnknownCommand
        if command.answer is not None and not command.is_open:
            if bytes(command.answer) == raw:
                return False
            raise AlreadyAnswered
        record_answers(answers=[Incoming(command_id=command_id, raw=raw)], now=now)
    return True
