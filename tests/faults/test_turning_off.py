"""Invariant I10 with a real worker: after turning off, nothing that a signal asked for stands."""

from __future__ import annotations

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.actions.switch import set_enabled
from connectors.models import Connector, Signal
from connectors.queries.releases import release_progress, would_release
from devices.actions.restrictions import block_by_hand
from devices.models import Device, DeviceControl, RestrictionReason, SimulatedDevice
from tests.factories import UserFactory
from tests.faults.scene import Scene

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def restricted() -> int:
    return DeviceControl.objects.exclude(observed=[]).exclude(observed=None).count()


def test_turning_off_releases_everyone_and_the_absent_when_they_return(processes, eventually):
    scene = Scene(count=20)
    processes.worker()
    processes.beat()
    scene.use()
    alice = UserFactory()
    with tenant_scope(scene.tenant.pk):
        connector = Connector.objects.get()

        def all_blocked() -> None:
            assert restricted() == 10

        eventually(all_blocked)
        blocked = Device.objects.exclude(control__desired=[]).order_by("pk")
        away, by_hand = blocked[0], blocked[1]
        SimulatedDevice.objects.filter(device=away).update(online=False)
        block_by_hand(
            device=by_hand,
            restriction="roaming_data",
            by=alice,
            reason="Theft",
            now=timezone.now(),
        )

        def by_hand_too() -> None:
            control = DeviceControl.objects.get(device=by_hand)
            assert control.observed == ["cellular_data", "roaming_data"]

        eventually(by_hand_too)
        assert would_release(connector=connector).devices == 10
        told = set_enabled(connector=connector, enabled=False, by=alice, now=timezone.now())
        assert told == 10

        def reachable_are_free() -> None:
            progress = release_progress(connector=connector)
            assert (progress.total, progress.waiting) == (10, 1)

        eventually(reachable_are_free)
        assert DeviceControl.objects.get(device=by_hand).observed == ["roaming_data"]
        assert set(RestrictionReason.objects.values_list("origin", flat=True)) == {"manual"}

        SimulatedDevice.objects.filter(device=away).update(online=True)
        DeviceControl.objects.filter(device=away).update(next_attempt_at=timezone.now())

        def the_absent_too() -> None:
            assert release_progress(connector=connector).waiting == 0
            assert restricted() == 1

        eventually(the_absent_too)
        before = Signal.objects.count()
        set_enabled(connector=connector, enabled=True, by=alice, now=timezone.now())
        eventually(all_blocked)
        assert Signal.objects.count() == before + 10  # one each, judged afresh
