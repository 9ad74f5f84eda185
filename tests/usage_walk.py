"""What the walk over all addresses puts into the addresses of usage and devices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from common.tenancy import tenant_scope
from devices.actions import groups
from devices.models import CategoryMove, DeviceCategory, DeviceSim, Restriction
from jobs.models import Job
from tenants.models import Tenant
from tests.usage_factories import (
    CarrierFactory,
    ColumnPresetFactory,
    PlanFactory,
    PolicyFactory,
    ZoneFactory,
    make_device,
    make_done_import,
    make_import,
    make_line_with_device,
)
from usage.models import BulkChange, LineException


def _line(tenant: Tenant) -> dict[str, Any]:
    return {"pk": make_line_with_device(tenant)[0].pk}


def _device(tenant: Tenant) -> dict[str, Any]:
    return {"pk": make_device(tenant).pk}


RULE = 'device.deviceCategory -eq "Kiosk"'


def _seat(tenant: Tenant) -> dict[str, Any]:
    device = make_device(tenant)
    with tenant_scope(tenant.pk):
        seat = DeviceSim.objects.open().get(device=device)
    return {"pk": device.pk, "sim_pk": seat.sim_id}


def _category(tenant: Tenant) -> dict[str, Any]:
    with tenant_scope(tenant.pk):
        return {"pk": DeviceCategory.objects.create(name="Kiosk").pk}


def _group(rule: str = "") -> Callable[[Tenant], dict[str, Any]]:
    def made(tenant: Tenant) -> dict[str, Any]:
        with tenant_scope(tenant.pk):
            terms = groups.GroupTerms(name=f"Kiosks {rule[:20]}", rule=rule)
            return {"pk": groups.add(terms=terms, now=timezone.now(), by=None).pk}

    return made


def _carrier(tenant: Tenant) -> dict[str, Any]:
    return {"pk": CarrierFactory(tenant=tenant).pk}


def _plan(tenant: Tenant) -> dict[str, Any]:
    return {"pk": PlanFactory(tenant=tenant).pk}


def _policy(tenant: Tenant) -> dict[str, Any]:
    return {"pk": PolicyFactory(tenant=tenant).pk}


def _restricted(make: Callable[[Tenant], dict[str, Any]]) -> Callable[[Tenant], dict[str, Any]]:
    return lambda tenant: {**make(tenant), "restriction": Restriction.ROAMING_DATA.value}


def _import(tenant: Tenant) -> dict[str, Any]:
    return {"pk": make_import(tenant).pk}


def _done_import(tenant: Tenant) -> dict[str, Any]:
    return {"pk": make_done_import(tenant).pk}


def _exception(tenant: Tenant) -> dict[str, Any]:
    line, _device = make_line_with_device(tenant)
    now = timezone.now()
    with tenant_scope(tenant.pk):
        row = LineException.objects.create(
            line=line, kind="unblock", starts_at=now, ends_at=now + timedelta(days=1), reason="x"
        )
    return {"pk": line.pk, "exception_pk": row.pk}


def _zone(tenant: Tenant) -> dict[str, Any]:
    return {"pk": ZoneFactory(tenant=tenant).pk}


def _column_preset(tenant: Tenant) -> dict[str, Any]:
    return {"pk": ColumnPresetFactory(tenant=tenant).pk}


def _bulk_change(tenant: Tenant) -> dict[str, Any]:
    now = timezone.now()
    with tenant_scope(tenant.pk):
        job = Job.objects.create(
            kind="usage.change_lines", key="walk", state="done", created_at=now, due_at=now,
            finished_at=now,
        )  # fmt: skip
        change = BulkChange.objects.create(
            fact="cost_centre", value="12", lines=0, job=job, created_at=now
        )
    return {"pk": change.pk}


def _category_move(tenant: Tenant) -> dict[str, Any]:
    now = timezone.now()
    with tenant_scope(tenant.pk):
        job = Job.objects.create(
            kind="devices.move_devices", key="walk", state="done", created_at=now, due_at=now,
            finished_at=now,
        )  # fmt: skip
        move = CategoryMove.objects.create(is_to_none=True, devices=0, job=job, created_at=now)
    return {"pk": move.pk}


OBJECTS: dict[str, Callable[[Tenant], dict[str, Any]]] = {
    **{f"usage:carrier{act}": _carrier for act in ("", "_edit", "_retire")},
    **{f"usage:plan{act}": _plan for act in ("", "_edit", "_retire", "_make_default")},
    **{f"usage:policy{act}": _policy for act in ("", "_edit", "_retire", "_make_default")},
    **{f"usage:line{act}": _line for act in ("", "_edit", "_retire", "_block", "_unblock")},
    **{f"usage:import{act}": _import for act in ("", "_columns", "_start", "_cancel")},
    "usage:import_rows_not_taken": _done_import,
    "usage:zone_add": _plan,
    **{f"usage:zone{act}": _zone for act in ("", "_edit", "_remove")},
    **{f"usage:line_{act}": _line for act in ("top_up", "trip", "grace", "exempt")},
    "usage:line_exception_end": _exception,
    **{f"usage:bulk_change{act}": _bulk_change for act in ("", "_undo")},
    **{f"usage:column_preset{act}": _column_preset for act in ("", "_delete")},
    "usage:line_release": _restricted(_line),
    "usage:lines_of_device": _device,
    **{f"devices:device{act}": _device for act in ("", "_edit", "_retire", "_sim", "_block")},
    **{f"devices:device_{act}": _device for act in ("category", "token", "token_revoke")},
    "devices:category_edit": _category,
    **{f"devices:category_move{act}": _category_move for act in ("", "_undo")},
    "devices:category_delete": _category,
    **{
        f"devices:group{act}": _group()
        for act in ("", "_edit", "_delete", "_devices", "_put_in", "_take_out")
    },
    **{f"devices:group_{act}": _group(RULE) for act in ("pause", "resume", "test")},
    "devices:device_sim_out": _seat,
    "devices:device_release": _restricted(_device),
}
