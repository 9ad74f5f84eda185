"""Carriers, plans, policies, lines and devices for tests, tied together as the actions tie them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import factory
from django.utils import timezone

from common.tenancy import tenant_scope
from devices.actions.devices import add_simulated_devices
from devices.models import Device, Sim
from jobs import files, workers
from jobs.actions import start
from tenants.models import Tenant
from tests.factories import InTenant
from usage.actions.import_jobs import IMPORT
from usage.actions.import_options import to_json
from usage.actions.import_rows import Options
from usage.actions.lines import NewLine, add_lines
from usage.dialects import Layout
from usage.models import (
    Carrier,
    ColumnPreset,
    Line,
    LineSim,
    Plan,
    Policy,
    Threshold,
    UsageImport,
    Zone,
)


class CarrierFactory(InTenant):
    class Meta:
        model = Carrier

    name = factory.Sequence(lambda n: f"Carrier {n}")
    country = "NL"
    time_zone = "Europe/Amsterdam"


class PlanFactory(InTenant):
    class Meta:
        model = Plan

    carrier = factory.SubFactory(CarrierFactory, tenant=factory.SelfAttribute("..tenant"))
    name = factory.Sequence(lambda n: f"Plan {n}")
    domestic_cap = 5 * 10**9
    roaming_cap = 10**9


class PolicyFactory(InTenant):
    class Meta:
        model = Policy

    name = factory.Sequence(lambda n: f"Policy {n}")


class ThresholdFactory(InTenant):
    class Meta:
        model = Threshold

    policy = factory.SubFactory(PolicyFactory, tenant=factory.SelfAttribute("..tenant"))
    position = 1
    scope = "domestic"
    measure = "percent"
    value = Decimal(100)
    block_cellular = True


class ColumnPresetFactory(InTenant):
    class Meta:
        model = ColumnPreset

    carrier = factory.SubFactory(CarrierFactory, tenant=factory.SelfAttribute("..tenant"))
    name = factory.Sequence(lambda n: f"Preset {n}")
    header = ("Number", "MB", "Time")
    options = factory.LazyFunction(
        lambda: to_json(
            Options(layout=Layout("Number", "MB", "MB", "Time", ZoneInfo("UTC")), line_key="msisdn")
        )
    )
    changed_at = factory.LazyFunction(timezone.now)


class SimFactory(InTenant):
    class Meta:
        model = Sim

    iccid = factory.Sequence(lambda n: f"8931440{n:012d}")


class ZoneFactory(InTenant):
    class Meta:
        model = Zone

    plan = factory.SubFactory(PlanFactory, tenant=factory.SelfAttribute("..tenant"))
    name = factory.Sequence(lambda n: f"Zone {n}")
    cap = 10**9


_numbers = iter(range(10**6))


def make_line(
    tenant: Tenant, *, plan: Plan | None = None, carrier: Carrier | None = None, **key: Any
) -> Line:
    """An active line with a placeholder SIM, on `plan`; its number is made up unless given."""
    if carrier is None:
        carrier = plan.carrier if plan else CarrierFactory(tenant=tenant)
    key = key or {"msisdn": f"+316{next(_numbers):08d}"}
    with tenant_scope(tenant.pk):
        [line] = add_lines(carrier=carrier, keys=[NewLine(**key)], plan=plan, now=timezone.now())
    return line


def make_device(tenant: Tenant, *, line: Line | None = None) -> Device:
    """A simulated device around the line's SIM, or around one of no line."""
    with tenant_scope(tenant.pk):
        sim = LineSim.objects.open().get(line=line).sim if line else SimFactory(tenant=tenant)
        [device] = add_simulated_devices(sims=[sim], now=timezone.now())
    return device


def make_line_with_device(tenant: Tenant, **key: Any) -> tuple[Line, Device]:
    """A line on a plan of its own, and the phone its SIM is in."""
    plan = PlanFactory(tenant=tenant)
    line = make_line(tenant, plan=plan, **key)
    return line, make_device(tenant, line=line)


def make_import(
    tenant: Tenant, *, carrier: Carrier | None = None, content: bytes | None = None
) -> UsageImport:
    """An uploaded file of the carrier, its columns not said yet."""
    carrier = carrier or CarrierFactory(tenant=tenant)
    now = timezone.now()
    content = content or f"id,volume (MB),time\nx,1,{now:%Y-%m-%d %H:%M:%S}\n".encode()
    with tenant_scope(tenant.pk):
        file = files.keep(name="usage.csv", parts=[content], now=now, days=1)
        return UsageImport.objects.create(file=file, carrier=carrier, created_at=now)


def make_done_import(tenant: Tenant) -> UsageImport:
    """An import whose only row named no line, so that there is a file of rows not taken."""
    usage_import = make_import(tenant)
    now = timezone.now()
    layout = Layout("id", "volume (MB)", "MB", "time", ZoneInfo("UTC"))
    with tenant_scope(tenant.pk):
        usage_import.options = to_json(Options(layout=layout, line_key="reference"))
        usage_import.run_job = start(
            kind=IMPORT,
            key=f"import {usage_import.pk}",
            parameters={"import": usage_import.pk},
            total=2,
            by=None,
            now=now,
        )
        usage_import.save()
    while workers.work_off(now=now):
        pass
    return usage_import
