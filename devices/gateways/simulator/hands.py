"""What happens to a simulated phone from outside: its user, the places it goes, its faults.

1. The new state is saved under a lock, so that a command being answered is not undone.
2. A phone that can be reached again, or was unlocked, comes by: its queue is answered, and what it
   had put off with NotNow is offered again, as a real phone's poll would bring about.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from audit.actions import record
from devices.actions.check_in import checked_out, enrolled_again
from devices.actions.contact import devices_polled
from devices.models import SimulatedDevice
from jobs.nudges import nudge

if TYPE_CHECKING:
    from tenants.models import User

FLEET = "devices.tasks.answer_simulated"
FIELDS = (
    "online",
    "bearer",
    "abroad_in",
    "locked",
    "data_roaming",
    "roaming_back_after",
    "not_now",
    "error",
    "held",
    "drops_push",
)
"""What may be set by hand; profiles and Samsung's switches change by commands only."""


def play(*, device_id: int, state: dict[str, Any], by: User, now: datetime) -> None:
    """Set the inside of one phone of the tenant in scope. Raises SimulatedDevice.DoesNotExist.

    `state` has values for some of FIELDS.
    """
    with transaction.atomic():
        phone = SimulatedDevice.objects.select_for_update().get(device_id=device_id)
        before = {name: getattr(phone, name) for name in FIELDS}
        after = before | {name: state[name] for name in FIELDS if name in state}
        if after == before:
            return
        changed = [name for name in FIELDS if after[name] != before[name]]
        for name in changed:
            setattr(phone, name, after[name])
        phone.changed_at = now
        phone.save(update_fields=[*changed, "changed_at"])
        record(
            by=by,
            action="simulated_device.played",
            subject=phone.device,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
        devices_polled(device_ids=[device_id], now=now)
        nudge(FLEET)


def leave_management(*, device_id: int, by: User, now: datetime) -> None:
    """The user takes the phone out of management: what management had put on it goes with it.

    An iPhone says CheckOut; of a Samsung the agent is gone. Raises SimulatedDevice.DoesNotExist.
    """
    with transaction.atomic():
        phone = SimulatedDevice.objects.select_for_update().get(device_id=device_id)
        phone.profiles, phone.cellular_data, phone.agent_token = {}, True, ""
        phone.changed_at = now
        phone.save(update_fields=["profiles", "cellular_data", "agent_token", "changed_at"])
        checked_out(device_id=device_id, now=now, by=by)


def enrol_again(*, device_id: int, by: User, now: datetime) -> None:
    """The phone comes under management anew (Authenticate and TokenUpdate), with nothing on it."""
    with transaction.atomic():
        SimulatedDevice.objects.select_for_update().get(device_id=device_id)
        enrolled_again(device_id=device_id, now=now, by=by)
        nudge(FLEET)
