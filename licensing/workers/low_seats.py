"""An alert where a policy's seats run low: within a week at the present pace, or all gone.

It is raised once and settled as soon as there are seats again, so a wave of claims rings once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from alerts.actions import NewAlert, raise_alerts, settle_alerts
from alerts.ports import Subject
from common.tenancy import tenant_scope
from licensing.models import AutoClaimPolicy, AutoClaimSwitch
from licensing.queries.pace import Standing, standings
from tenants.models import Tenant

EVERY = timedelta(minutes=15)
LOW_DAYS = 7
SUBJECT = "auto_claim_policy"


def watch(*, now: datetime) -> None:
    """Look at every tenant's policies."""
    for tenant_id in Tenant.objects.filter(suspended_at=None).values_list("pk", flat=True):
        with tenant_scope(tenant_id):
            _watch(now)


def _watch(now: datetime) -> None:
    policies = list(AutoClaimPolicy.objects.filter(deleted_at=None).order_by("pk"))
    if not policies:
        return
    is_on = AutoClaimSwitch.objects.filter(on=True).exists()
    found = standings(policies=[row for row in policies if row.enabled and is_on], now=now)
    alerts = [_alert(key, standing) for key, standing in found.items() if is_low(standing)]
    raise_alerts(alerts=alerts, now=now)
    settle_alerts(
        subject_type=SUBJECT,
        subject_ids=[row.pk for row in policies],
        holding=[alert.identity for alert in alerts],
        now=now,
    )


def is_low(standing: Standing) -> bool:
    """Nothing left and somebody waits, or what is left lasts a week at most."""
    if standing.free == 0:
        return standing.waiting > 0
    return standing.days_left is not None and standing.days_left <= LOW_DAYS


def _alert(policy_id: int, standing: Standing) -> NewAlert:
    kind = "seats_gone" if standing.free == 0 else "seats_low"
    facts = {"free": standing.free, "days": standing.days_left or 0, "waiting": standing.waiting}
    return NewAlert(
        identity=hashlib.sha256(f"{SUBJECT} {policy_id} {kind}".encode()).hexdigest(),
        kind=kind,
        subject_type=SUBJECT,
        subject_id=policy_id,
        severity="critical" if kind == "seats_gone" else "warning",
        reason=kind,
        facts=facts,
    )


class Policies:
    """alerts.ports.Subjects: policies as what an alert is about."""

    def named(self, *, ids: Collection[int]) -> dict[int, Subject]:
        rows = AutoClaimPolicy.objects.filter(pk__in=ids, deleted_at=None)
        return {row.pk: Subject(label=row.name, page="licensing:policy") for row in rows}

    def matching(self, *, text: str, country: str) -> QuerySet[Any]:
        return AutoClaimPolicy.objects.filter(name__icontains=text).values("pk")
