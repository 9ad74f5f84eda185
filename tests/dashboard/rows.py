"""Hand-made usage, decisions, alerts and commands, whose sums a reader can do in the head."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

from django.utils import timezone

from alerts.models import Alert
from common.tenancy import tenant_scope
from devices.models import Command, Device, DeviceControl
from tenants.models import Tenant
from usage.models import Decision, Line, LineWatch, UsageCounter

MB = 10**6


def use(
    line: Line, day: date, volume: int, *, country: str = "NL", source: str = "carrier"
) -> UsageCounter:
    with tenant_scope(line.tenant_id):
        return UsageCounter.objects.create(
            line=line, day=day, country=country, source=source, volume=volume, records=1
        )


def judge(line: Line, standing: str) -> None:
    """The latest decision of the line says so."""
    now = timezone.now()
    with tenant_scope(line.tenant_id):
        decision = Decision.objects.create(
            line=line,
            decided_at=now,
            cycle_start=now,
            cycle_end=now + timedelta(days=30),
            standing=standing,
            reason="within_limits",
            fingerprint=standing,
        )
        LineWatch.objects.filter(line=line).update(decision=decision, standing=decision.standing)


def restrict(device: Device) -> None:
    with tenant_scope(device.tenant_id):
        DeviceControl.objects.filter(device=device).update(desired=["roaming_data"])


def alert(line: Line, raised_at: datetime, **values: str) -> Alert:
    facts = {"used": 900 * MB, "limit": 800 * MB, "scope": "roaming"}
    with tenant_scope(line.tenant_id):
        return Alert.objects.create(
            identity=uuid.uuid4().hex,
            kind="usage_limit",
            subject_type="line",
            subject_id=line.pk,
            raised_at=raised_at,
            **{"severity": "warning", "reason": "limit_near", "facts": facts, **values},
        )


def command(device: Device, status: str, created_at: datetime, error: str = "") -> Command:
    with tenant_scope(device.tenant_id):
        return Command.objects.create(
            pk=uuid.uuid4(),
            device=device,
            generation=1,
            kind="knox.restriction",
            payload=b"{}",
            status=status,
            created_at=created_at,
            error=error,
        )


def busy(tenant: Tenant, lines: list[tuple[Line, Device]]) -> None:
    """Something of everything: usage at home and abroad, standings, alerts and commands."""
    now = timezone.now()
    today = timezone.localdate(now)
    for number, (line, device) in enumerate(lines):
        use(line, today, 300 * MB)
        use(line, today - timedelta(days=20), 200 * MB)
        use(line, today, 40 * MB, country=("FR", "BE", "DE")[number % 3])
        judge(line, ("over", "near", "within")[number % 3])
        alert(line, now)
        command(device, "failed", now, error="The phone refused.")
    restrict(lines[0][1])
