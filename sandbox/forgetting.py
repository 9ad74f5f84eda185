"""What keeps the demo from growing for ever: after a hundred days its rows go.

Three months are shown and a little more is kept; each day that comes in, one goes out. Records and
counters go together by their local day, so that counters stay the sum of their records; what a
line or a phone still stands on (its latest decision, open commands and alerts) stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from alerts.models import Alert
from alerts.models.alert import AlertState
from common.tenancy import tenant_scope
from connectors.models import Signal
from devices.models import Command
from licensing.models import HOLDING, TO_JUDGE, Claim, ClaimState, SignIn
from sandbox import staff
from sandbox.feed import HISTORY
from sandbox.world import TENANTS
from tenants.models import Tenant
from usage.models import Decision, LineWatch, UsageCounter, UsageRecord

KEEP = HISTORY + timedelta(days=8)


def forget(*, now: datetime) -> None:
    """Let go of what the demo tenants have from before KEEP."""
    for demo in TENANTS:
        tenant = Tenant.objects.filter(slug=demo.slug).first()
        if tenant is not None:
            with tenant_scope(tenant.pk):
                _forget(before=now - KEEP)
    staff.forget_sign_ins(now=now)


@transaction.atomic
def _forget(*, before: datetime) -> None:
    UsageRecord.objects.filter(day__lt=before.date()).delete()
    UsageCounter.objects.filter(day__lt=before.date()).delete()
    standing = LineWatch.objects.filter(decision__isnull=False).values("decision_id")
    Decision.objects.filter(decided_at__lt=before).exclude(pk__in=standing).delete()
    Signal.objects.filter(received_at__lt=before).delete()
    Command.objects.filter(closed_at__lt=before).delete()
    Alert.objects.filter(raised_at__lt=before, state=AlertState.RESOLVED).delete()
    SignIn.objects.filter(at__lt=before).delete()
    over = Claim.objects.filter(signed_in_at__lt=before)
    over.exclude(state__in=[*HOLDING, *TO_JUDGE, ClaimState.REMOVED]).delete()
