"""A tenant in which some lines are over their cap, and what must be true of it in the end."""

from __future__ import annotations

from collections import Counter
from uuid import uuid4

from django.db.models import F
from django.utils import timezone

from alerts.models import Alert
from common.tenancy import tenant_scope
from connectors.models import Signal
from devices.actions.devices import add_simulated_devices
from devices.gateways.simulator.phone import Phone
from devices.models import (
    Command,
    CommandStatus,
    DeviceControl,
    Sim,
    SimulatedDevice,
    SimulatorMessage,
)
from tenants.actions import create_tenant
from tenants.models import Tenant
from usage.actions.lines import NewLine, add_lines
from usage.models import Carrier, Line, LineSim, LineWatch, Plan, Source
from usage.workers.counters import differences
from usage.workers.ingest import ingest
from usage.workers.record_rows import record_row

GB = 10**9
CHANGES = ("InstallProfile", "RemoveProfile", "knox.restriction")


class Scene:
    """`count` lines of 1 GB with a simulated phone each; every second one goes over."""

    def __init__(self, *, count: int = 60, slug: str = "northwind") -> None:
        self.tenant: Tenant = create_tenant(
            slug=slug, name=slug.title(), admin_email=f"admin@{slug}.example", by=None
        )
        with tenant_scope(self.tenant.pk):
            carrier = Carrier.objects.create(name="KPN", country="NL", time_zone="Europe/Amsterdam")
            plan = Plan.objects.create(
                carrier=carrier, name="1 GB", domestic_cap=GB, is_default=True
            )
            now = timezone.now()
            keys = [NewLine(reference=f"line-{number:04d}") for number in range(count)]
            self.lines: list[Line] = add_lines(carrier=carrier, keys=keys, plan=plan, now=now)
            links = LineSim.objects.filter(line__in=self.lines).values("sim_id")
            add_simulated_devices(
                sims=list(Sim.objects.filter(pk__in=links).order_by("pk")), now=now
            )
        self.over = self.lines[::2]

    def use(self, *, volume: int = 2 * GB) -> None:
        """The usage that puts every second line over its cap, in one batch."""
        now = timezone.now()
        today = now.astimezone(Carrier(time_zone="Europe/Amsterdam").zone).date()
        with tenant_scope(self.tenant.pk):
            ingest(
                rows=[
                    record_row(
                        line_id=line.pk, at=now, day=today, country="NL", key=uuid4(), volume=volume
                    )
                    for line in self.over
                ],
                source=Source.CARRIER,
                now=now,
            )

    def handed_over(self) -> int:
        with tenant_scope(self.tenant.pk):
            return Command.objects.filter(handed_over_at__isnull=False).count()

    def assert_enforced_once(self) -> None:
        """The lines over their cap are blocked, really and once; nothing else was touched."""
        with tenant_scope(self.tenant.pk):
            assert differences() == []
            wanted = {line.pk for line in self.over}
            device_of = dict(
                LineSim.objects.filter(line__in=self.lines).values_list(
                    "line_id", "sim__device_links__device_id"
                )
            )
            restricted = {device_of[pk] for pk in wanted}
            controls = {control.device_id: control for control in DeviceControl.objects.all()}
            assert {pk for pk, control in controls.items() if control.desired} == restricted
            assert all(
                controls[pk].observed == controls[pk].desired == ["cellular_data"]
                for pk in restricted
            )
            self._assert_phones(restricted)
            changes = Counter(
                Command.objects.filter(kind__in=CHANGES).values_list("device_id", flat=True)
            )
            assert changes == Counter(restricted)
            assert set(
                Command.objects.filter(kind__in=CHANGES).values_list("status", flat=True)
            ) == {CommandStatus.VERIFIED}
            signals = Signal.objects.filter(action="block").values_list("line_id", flat=True)
            assert Counter(signals) == Counter(wanted)
            crossed = Counter(Alert.objects.values_list("subject_id", flat=True))
            assert crossed == Counter(dict.fromkeys(wanted, 2))  # 80 % and 100 %
            assert not SimulatorMessage.objects.exists()
            assert not DeviceControl.objects.filter(leased_until__isnull=False).exists()
            assert not LineWatch.objects.filter(evaluate_at__lte=timezone.now()).exists()

    def _assert_phones(self, restricted: set[int]) -> None:
        phones = SimulatedDevice.objects.annotate(platform=F("device__platform"))
        for row in phones:
            phone = Phone(row.platform, "", row.data_roaming, row.cellular_data, row.profiles)
            expected = {"cellular_data"} if row.device_id in restricted else set()
            assert phone.restrictions() == expected
