"""A tenant's own application registrations: set, replaced, removed; and sealed anew.

The secret goes in and never comes out: neither the audit log nor the row history has it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import changes, record
from common.refusals import Refused
from common.sealed import rotate, seal
from common.tenancy import current_tenant_id
from connectors.actions.connecting import recheck_all
from connectors.models import AppRegistration

if TYPE_CHECKING:
    from tenants.models import User


class RegistrationGone(Refused):
    """Somebody else has removed it in the meantime."""


def set_registration(
    *,
    purpose: str,
    client_id: UUID,
    kind: str,
    secret: str,
    expires_on: date | None,
    by: User,
    now: datetime,
) -> AppRegistration:
    """Keep a registration for the purpose, in the place of one that was there.

    Raises NoEncryptionKey.
    """
    sealed = seal(secret)
    values = {"client_id": client_id, "kind": kind, "expires_on": expires_on}
    with transaction.atomic():
        old = AppRegistration.objects.select_for_update().filter(purpose=purpose).first()
        kept, _made = AppRegistration.objects.update_or_create(
            tenant_id=current_tenant_id(),
            purpose=purpose,
            defaults={**values, "sealed": sealed, "updated_at": now},
        )
        before, after = changes(
            before={name: getattr(old, name, None) for name in values}, after=values
        )
        record(
            by=by,
            action="app_registration.replaced" if old else "app_registration.added",
            subject=kept,
            before=before,
            after=after,
        )
        recheck_all(now=now)
    return kept


def remove_registration(*, registration: AppRegistration, by: User, now: datetime) -> None:
    """From now on the deployment's own registration is used again. Raises RegistrationGone."""
    with transaction.atomic():
        gone = AppRegistration.objects.select_for_update().filter(pk=registration.pk).first()
        if gone is None:
            raise RegistrationGone(_("Somebody else has removed it in the meantime."))
        record(by=by, action="app_registration.removed", subject=gone)
        gone.delete()
        recheck_all(now=now)


def rotate_all() -> int:
    """Seal every secret with the newest key; how many there were. For an operator's command.

    Wants a scope of all tenants. Raises CannotOpen before anything is changed.
    """
    with transaction.atomic():
        rows = list(AppRegistration.objects.select_for_update().order_by("pk"))
        for row in rows:
            row.sealed = rotate(row.sealed)
        AppRegistration.objects.bulk_update(rows, ["sealed"], batch_size=500)
    return len(rows)
