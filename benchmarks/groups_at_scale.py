"""Dynamic groups with 50,000 devices: how long after a change their members are right again.

`python -m benchmarks.groups_at_scale [devices]` prints seconds for a new rule, for one device that
changed, for 5,000 that changed category, and PostgreSQL's plan of the query for a whole tenant.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

RULES = {
    "category": 'device.deviceCategory -eq "Kiosk"',
    "model": '(device.deviceModel -match "^iPhone 1[45]") -and (device.deviceOSType -eq "iPhone")',
    "words": 'device.displayName -contains "gal" -or device.deviceOSVersion -startsWith "17"',
}


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    os.environ["LOG_LEVEL"] = "ERROR"
    import django

    django.setup()
    from benchmarks.harness import own_database

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with own_database():
        _measure(count)


def _measure(count: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from benchmarks.harness import seconds
    from benchmarks.scene import make_tenant
    from common.tenancy import tenant_scope
    from devices.actions import groups
    from devices.actions.devices import add_simulated_devices
    from devices.models import Device, DeviceCategory, GroupMember, Sim
    from devices.queries.rule_members import taken
    from devices.rules import parse
    from devices.workers.grouping import regroup_due

    tenant = make_tenant()
    with tenant_scope(tenant.pk):
        for start in range(0, count, 5_000):
            size = min(5_000, count - start)
            sims = Sim.objects.bulk_create([Sim(tenant_id=tenant.pk) for _ in range(size)])
            add_simulated_devices(sims=sims, now=timezone.now())
        kiosk = DeviceCategory.objects.create(name="Kiosk")
        told("facts of all devices, once", lambda: settle(regroup_due), seconds)
        for name, rule in RULES.items():
            groups.add(terms=groups.GroupTerms(name=name, rule=rule), now=timezone.now(), by=None)
            told(f"a new rule ({name})", lambda: settle(regroup_due), seconds)
        ids = list(Device.objects.order_by("pk").values_list("pk", flat=True)[:5_000])
        for size in (1, len(ids)):
            Device.objects.filter(pk__in=ids[:size]).update(category=kiosk)
            told(f"{size} changed, {len(RULES)} groups", lambda: settle(regroup_due), seconds)
        members = GroupMember.objects.filter(left_at=None, group__name="category").count()
        print(f"members of the group by category: {members} of {count} devices")
        connection.cursor().execute("ANALYZE")
        query = taken(parse(RULES["model"]))
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {query.text}", query.parameters)
            print("\n".join(line for (line,) in cursor.fetchall()))


def settle(regroup_due: Callable[..., int]) -> None:
    from django.utils import timezone

    while regroup_due(now=timezone.now()):
        pass


def told(what: str, work: Callable[[], object], seconds: Callable[..., float]) -> None:
    print(f"groups {what}: {seconds(work):.2f} s", flush=True)


if __name__ == "__main__":
    main()
