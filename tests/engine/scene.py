"""Lines, phones and usage in a few words, and all workers of the engine in one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.utils import timezone

from common.tenancy import current_tenant_id
from devices.actions.devices import add_simulated_devices, take_sim_out
from devices.gateways.simulator.fleet import answer_due
from devices.gateways.simulator.phone import Phone
from devices.models import Command, Device, DeviceControl, Sim, SimulatedDevice
from devices.workers.enforce import enforce_due
from usage.actions.lines import NewLine, add_lines
from usage.carrier_files import LocalDays
from usage.models import Carrier, Line, LineSim, Plan, Source
from usage.workers.evaluate import evaluate_due
from usage.workers.ingest import Ingested, Sums, ingest
from usage.workers.record_rows import record_row

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 3, 31, 22, tzinfo=UTC)
"""When the next cycle begins in Amsterdam."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MB, GB = 10**6, 10**9


def a_plan(*, cap: int | None = GB, roaming_cap: int | None = 100 * MB, **more: Any) -> Plan:
    """A plan of KPN, whose days are those of Amsterdam."""
    carrier, _ = Carrier.objects.get_or_create(
        name="KPN", defaults={"country": "NL", "time_zone": "Europe/Amsterdam"}
    )
    more.setdefault("name", f"Plan {Plan.objects.count() + 1}")
    return Plan.objects.create(carrier=carrier, domestic_cap=cap, roaming_cap=roaming_cap, **more)


def lines(*names: str, plan: Plan | None = None) -> list[Line]:
    """Lines with these references, their SIMs in no device yet."""
    plan = plan or a_plan()
    keys = [NewLine(reference=name) for name in names]
    return add_lines(carrier=plan.carrier, keys=keys, plan=plan, now=timezone.now())


def sim_of(line: Line) -> Sim:
    return LineSim.objects.open().select_related("sim").get(line=line).sim


def phone_for(line: Line, platform: str = "ios", **more: Any) -> Device:
    """A simulated phone of that platform around the line's SIM."""
    [device] = add_simulated_devices(sims=[sim_of(line)], now=timezone.now())
    modes = {"ios": "device", "ipados": "device", "knox": "DO"}
    fields = {"platform": platform, "os_version": "18.1", "management_mode": modes[platform]}
    Device.objects.filter(pk=device.pk).update(**{**fields, **more})
    device.refresh_from_db()
    return device


def spare_phone(platform: str = "ios") -> Device:
    """A phone whose own SIM was taken out."""
    sim = Sim.objects.create()
    [device] = add_simulated_devices(sims=[sim], now=timezone.now())
    Device.objects.filter(pk=device.pk).update(platform=platform, os_version="18.1")
    take_sim_out(sim=sim, now=timezone.now(), by=None)
    device.refresh_from_db()
    return device


def lines_with_phones(*platforms: str, plan: Plan | None = None) -> list[tuple[Line, Device]]:
    plan = plan or a_plan()
    made = lines(*(f"line-{number}" for number in range(len(platforms))), plan=plan)
    return [(line, phone_for(line, kind)) for line, kind in zip(made, platforms, strict=True)]


def record(
    line: Line,
    volume: int,
    *,
    at: datetime | None = None,
    country: str = "NL",
    key: UUID | None = None,
) -> bytes:
    """One row for ingest()."""
    at = at or timezone.now()
    return record_row(
        line_id=line.pk,
        at=at,
        day=LocalDays(line.carrier.zone).of(at.timestamp()),
        country=country,
        key=key or uuid4(),
        volume=volume,
    )


def take(rows: Iterable[bytes], *, hopeful: bool = False) -> Ingested:
    """Ingest the rows; `hopeful`, as a file does it that has shown no known row yet."""
    rows = list(rows)
    sums = sums_of(rows) if hopeful else None
    return ingest(rows=rows, source=Source.CARRIER, now=timezone.now(), sums=sums)


def sums_of(rows: Sequence[bytes]) -> Sums:
    sums = Sums()
    sums.add(rows, [int.from_bytes(row[-8:]) for row in rows])
    return sums


def use(line: Line, volume: int, **more: Any) -> None:
    """Usage of the line, in a batch of its own."""
    take([record(line, volume, **more)])


def settle(now: datetime | None = None) -> None:
    """Let all workers run until nothing is left to do at this moment."""
    for _ in range(20):
        now_ = now or timezone.now()
        if not evaluate_due(now=now_) + enforce_due(now=now_) + answer_due(now=now_):
            return
    raise AssertionError("The workers do not come to rest.")


def phone(device: Device) -> Phone:
    """The inside of the simulated phone, apart from everything the portal believes."""
    state = SimulatedDevice.objects.get(device=device)
    return Phone(
        device.platform, device.udid, state.data_roaming, state.cellular_data, state.profiles
    )


def inside(device: Device, **state: Any) -> None:
    """Set something inside the simulated phone, as its user or its surroundings do."""
    SimulatedDevice.objects.filter(device=device).update(**state)


def blocked(device: Device) -> set[str]:
    """What the phone really keeps its user from; the portal must believe the same."""
    control = DeviceControl.objects.get(device=device)
    restrictions = set(phone(device).restrictions())
    assert set(control.observed or []) == restrictions, "observed differs from the phone"
    assert set(control.desired) == restrictions, "desired differs from the phone"
    return restrictions


def online(device: Device, is_online: bool) -> None:
    SimulatedDevice.objects.filter(device=device).update(online=is_online)


def commands(device: Device) -> list[tuple[str, str]]:
    """(kind, status) of the device's commands, oldest first."""
    found = Command.objects.filter(device=device).order_by("generation", "created_at", "kind")
    return list(found.values_list("kind", "status"))


def rows_of_all_tables() -> dict[str, int]:
    """How many rows each table has, whoever they belong to."""
    counts = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            counts[table] = cursor.fetchone()[0]
    return counts


def contents(*tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of these tables of the tenant in scope, in a stable order."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"SELECT t::text FROM {table} t WHERE tenant_id = %s ORDER BY 1",
                [current_tenant_id()],
            )
            found[table] = cursor.fetchall()
    return found
