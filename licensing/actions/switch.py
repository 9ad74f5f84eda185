"""The feature as a whole: people may claim licences at their first sign-in, or may not."""

from __future__ import annotations

from django.db import transaction

from audit.actions import Actor, record
from common.tenancy import current_tenant_id
from licensing.models import AutoClaimSwitch
from tenants.models import Tenant


@transaction.atomic
def set_switch(*, on: bool, by: Actor) -> bool:
    """On or off from now on; whether that changed anything. Nobody loses a licence by it.

    What signs in while it is off is not claimed for later either.
    """
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    row = AutoClaimSwitch.objects.first() or AutoClaimSwitch()
    if row.on == on:
        return False
    row.on = on
    row.save()
    record(
        by=by,
        action="auto_claim.turned_on" if on else "auto_claim.turned_off",
        subject=row,
        before={"enabled": not on},
        after={"enabled": on},
    )
    return True
