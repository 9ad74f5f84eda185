"""Turning a connector's enforcement off and on.

Off: every restriction that came from it is undone, offline devices when they return; what was
set by hand stays. On: the running cycle is judged afresh; ignored signals are not replayed.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import record
from common.tenancy import current_tenant_id
from connectors.models import Connector, ConnectorState, Provider, Release, SignalledRestriction
from connectors.ports import lines
from connectors.queries.releases import would_release
from connectors.workers.checks import CHECK
from devices.actions.reasons import drop_origin
from jobs.nudges import nudge

if TYPE_CHECKING:
    from tenants.models import User


def create_built_in(*, by: User | None = None, **new_tenant: Any) -> Connector:
    """The own engine of the tenant in scope, active from the start; made with each tenant."""
    with transaction.atomic():
        connector = Connector.objects.create(
            tenant_id=current_tenant_id(),
            provider=Provider.BUILT_IN,
            display_name=str(_("Built-in engine")),
            app_authorized=True,
            state=ConnectorState.ACTIVE,
        )
        record(by=by, action="connector.created", subject=connector)
    return connector


def set_enabled(*, connector: Connector, enabled: bool, by: User, now: datetime) -> int:
    """Flip the portal's switch; returns how many devices are being released (0 when turning on).

    Pressing a switch that already stands so changes nothing.
    """
    with transaction.atomic():
        if enabled and Connector.objects.filter(pk=connector.pk, portal_enabled=False).exists():
            lines().make_all_due()  # before the connector is locked, as the evaluator does
        changed = Connector.objects.filter(pk=connector.pk, portal_enabled=not enabled).update(
            portal_enabled=enabled
        )
        if not changed:
            return 0
        connector.portal_enabled = enabled
        # The record in Intune is kept in step by the checks of the connection.
        connected = Connector.objects.filter(pk=connector.pk, directory_id__isnull=False)
        if connected.update(check_at=now):
            nudge(CHECK)
        record(
            by=by,
            action="connector.enabled" if enabled else "connector.disabled",
            subject=connector,
            before={"portal_enabled": not enabled},
            after={"portal_enabled": enabled},
        )
        SignalledRestriction.objects.filter(connector=connector).delete()
        if enabled:
            return 0
        restrictions = would_release(connector=connector).restrictions
        device_ids = drop_origin(origin=connector.origin, now=now)
        Release.objects.create(
            connector=connector, device_ids=device_ids, restrictions=restrictions, started_at=now
        )
        return len(device_ids)
