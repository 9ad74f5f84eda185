"""The inside of one simulated phone, locked while it carries out a command."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from devices.gateways.simulator.phone import Phone, answer
from devices.models import SimulatedDevice

CHANGES = ("data_roaming", "cellular_data", "profiles", "not_now", "error")
"""What a command may change in a phone."""


def phone_of(state: SimulatedDevice) -> Phone:
    """The phone as it is, read with its device."""
    device = state.device
    return Phone(
        platform=device.platform,
        udid=device.udid,
        data_roaming=state.data_roaming,
        cellular_data=state.cellular_data,
        profiles=state.profiles,
        locked=state.locked,
        access_rights=device.access_rights,
        not_now=state.not_now,
        error=state.error,
        held=state.held,
    )


def carry_out(*, device_id: int, payload: bytes, now: datetime) -> tuple[bytes, SimulatedDevice]:
    """Let the phone act on one command; its answer, and the state it is in then."""
    with transaction.atomic():
        state = (
            SimulatedDevice.objects.select_for_update(of=["self"])
            .select_related("device")
            .get(device_id=device_id)
        )
        phone, raw = answer(phone=phone_of(state), payload=payload, now=now)
        for name in CHANGES:
            setattr(state, name, getattr(phone, name))
        state.changed_at = now
        state.save(update_fields=[*CHANGES, "changed_at"])
    return raw, state
