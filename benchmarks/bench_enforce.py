"""enforce: commands per second to simulated devices, to empty Celery tasks per second.

Ours: every device is told to restrict or to release, and the clock stops when every command has
been answered and every device is as it shall be. Baseline: as many tasks that do nothing, on the
same worker.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from redis import Redis

from benchmarks.harness import Outcome, in_turns, seconds, wait_until, worker
from benchmarks.scene import make_carrier, make_lines, make_tenant
from benchmarks.tasks import DONE, done, empty
from common.tenancy import tenant_scope
from devices.actions.reasons import Reason, change_reasons, drop_origin
from devices.models import Command, Device, DeviceControl, Restriction

ORIGIN = "connector:0"


def run(*, small: bool) -> Outcome:
    count = 500 if small else 3_000
    tenant = make_tenant()
    with tenant_scope(tenant.pk), worker():
        carrier, plan = make_carrier()
        make_lines(carrier=carrier, plan=plan, count=count, phones=True)
        devices = list(Device.objects.values_list("pk", flat=True))
        redis = Redis.from_url(settings.REDIS_URL)

        def ours() -> float:
            before = Command.objects.count()
            took = seconds(lambda: _flip(devices))
            return (Command.objects.count() - before) / took

        def base() -> float:
            redis.delete(DONE)

            def send() -> None:
                for _ in range(count):
                    empty.delay()
                done.delay()
                wait_until(lambda: bool(redis.exists(DONE)))

            return count / seconds(send)

        return in_turns(ours=ours, base=base, unit="/s")


def _flip(devices: list[int]) -> None:
    """Restrict all devices if none is, else release all, and wait until they are so."""
    restricted = DeviceControl.objects.exclude(desired=[]).exists()
    reasons = [Reason(device_id=pk, restriction=Restriction.CELLULAR_DATA) for pk in devices]
    with transaction.atomic():
        if restricted:
            drop_origin(origin=ORIGIN, now=timezone.now())
        else:
            change_reasons(origin=ORIGIN, add=reasons, now=timezone.now())
    wanted = [] if restricted else [Restriction.CELLULAR_DATA]
    wait_until(
        lambda: (
            DeviceControl.objects.filter(observed=wanted).count() == len(devices)
            and not Command.objects.filter(status__in=["queued", "pushed"]).exists()
        )
    )
