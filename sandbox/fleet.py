"""The life of the demo's phones: some go out of reach and come back, some users meddle.

1. A few phones in a hundred belong to people on the move. Which of them are out of reach follows
   from the phone and the hour, so phones come back also when the portal was off meanwhile. Other
   phones are left alone, whatever somebody has done with them by hand.
2. Now and then the user of a Samsung switches roaming back on although it is blocked. The portal
   finds out by looking and blocks it again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from common.tenancy import tenant_scope
from devices.models import Device, DeviceState, Platform, SimulatedDevice
from sandbox.feed import SEED
from sandbox.world import TENANTS
from tenants.models import Tenant

EVERY = timedelta(minutes=10)
ON_THE_MOVE = 0.06
OUT_OF_REACH = 0.35
MEDDLES = 0.08
"""How likely it is in each run that one user switches roaming back on."""


def live(*, now: datetime) -> None:
    """Let the phones of every demo tenant live through the ten minutes that begin now."""
    for demo in TENANTS:
        tenant = Tenant.objects.filter(slug=demo.slug, suspended_at=None).first()
        if tenant is not None:
            with tenant_scope(tenant.pk):
                _move(now)
                _meddle(now)


def is_out_of_reach(*, device_id: int, now: datetime) -> bool | None:
    """Whether a phone is away in this half hour; None for one that never goes anywhere."""
    if Random(f"{SEED} {device_id} moves").random() >= ON_THE_MOVE:  # noqa: S311
        return None
    half_hour = int(now.timestamp() // 1800)
    return Random(f"{SEED} {device_id} {half_hour}").random() < OUT_OF_REACH  # noqa: S311


def _move(now: datetime) -> None:
    devices = Device.objects.filter(gateway="simulator").exclude(state=DeviceState.RETIRED)
    away, here = [], []
    for device_id in devices.values_list("pk", flat=True):
        is_away = is_out_of_reach(device_id=device_id, now=now)
        if is_away is not None:
            (away if is_away else here).append(device_id)
    phones = SimulatedDevice.objects.all()
    phones.filter(device__in=away, online=True).update(online=False, changed_at=now)
    phones.filter(device__in=here, online=False).update(online=True, changed_at=now)


def _meddle(now: datetime) -> None:
    chance = Random(f"{SEED} {int(now.timestamp() // EVERY.total_seconds())}")  # noqa: S311
    if chance.random() >= MEDDLES:
        return
    blocked = SimulatedDevice.objects.filter(
        device__platform=Platform.KNOX, data_roaming=False, online=True
    )
    found = list(blocked.order_by("pk").values_list("pk", flat=True))
    if found:
        blocked.filter(pk=chance.choice(found)).update(data_roaming=True, changed_at=now)
