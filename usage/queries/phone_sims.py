"""The SIMs that a phone may speak for: those that are in it, and those that were."""

from __future__ import annotations

from datetime import datetime

from devices.models import DeviceSim

Until = datetime | None


def sims_of_phone(*, device_id: int) -> dict[tuple[str, str], Until]:
    """By kind (iccid, imsi) and number: until when the SIM was in the phone, None if it is."""
    found: dict[tuple[str, str], Until] = {}
    links = DeviceSim.objects.filter(device_id=device_id).order_by("linked_at", "pk")
    for iccid, imsi, until in links.values_list("sim__iccid", "sim__imsi", "unlinked_at"):
        for key in (("iccid", iccid), ("imsi", imsi)):
            if key[1]:
                found[key] = until
    return found
