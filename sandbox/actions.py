"""What a visitor may do to the pretend cloud. It belongs to no tenant, so nothing is audited."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from sandbox.cloud.seed import ORGANISATIONS, add_devices
from sandbox.models import CloudConsent, CloudObject, CloudTenant, Kind


def set_fault(*, tenant: CloudTenant, fault: str, answers: int | None) -> None:
    """Let answers go wrong: so many, or (None) until switched off."""
    CloudTenant.objects.filter(pk=tenant.pk).update(fault=fault, faults_left=answers)


def revoke_consent(*, tenant: CloudTenant, registration_id: uuid.UUID) -> bool:
    """Take the application out of the directory; False when it was not in it."""
    found = CloudConsent.objects.filter(cloud_tenant=tenant, registration_id=registration_id)
    return bool(found.delete()[0])


@transaction.atomic
def generate_devices(*, tenant: CloudTenant, count: int, now: datetime) -> None:
    """`count` more managed devices, owned in turns by the organisation's people."""
    tenant = CloudTenant.objects.select_for_update().get(pk=tenant.pk)  # numbers are given once
    people = CloudObject.objects.filter(cloud_tenant=tenant, kind=Kind.USER, removed=False)
    prefix = next((each.prefix for each in ORGANISATIONS if each.id == tenant.pk), "+3164000")
    add_devices(
        tenant,
        count=count,
        owners=list(people.order_by("pk").values_list("body", flat=True)),
        prefix=prefix,
        now=now,
        first=CloudObject.objects.filter(cloud_tenant=tenant, kind=Kind.MANAGED_DEVICE).count(),
    )
