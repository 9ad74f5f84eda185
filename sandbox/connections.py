"""The demo's tenants connected to their pretend organisations; others are left to connect."""

from __future__ import annotations

from datetime import datetime

from common.tenancy import tenant_scope
from connectors.actions.connecting import accept
from connectors.models import Connector, MdmServer, Provider, Purpose
from connectors.ports import ExampleDirectory
from sandbox.cloud import seed
from sandbox.world import TENANTS
from tenants.entra_members import choose
from tenants.models import Tenant

FOR_DEMO = {seed.CONTOSO.name: seed.CONTOSO, seed.FABRIKAM.name: seed.FABRIKAM}


def examples() -> list[ExampleDirectory]:
    """Organisations that belong to no tenant of the demo."""
    return [
        ExampleDirectory(name=each.name, domain=each.domain)
        for each in seed.ORGANISATIONS
        if each.name not in FOR_DEMO
    ]


def connect_demo(*, now: datetime) -> None:
    """As if each demo tenant's administrator had connected the built-in engine and accepted.

    Their people may sign in with Microsoft, too.
    """
    for demo in TENANTS:
        organisation = FOR_DEMO[demo.name]
        tenant = Tenant.objects.get(slug=demo.slug)
        seed.consent(organisation.id, Purpose.CONNECTION, now=now)
        with tenant_scope(tenant.pk):
            accept(
                connector=Connector.objects.get(provider=Provider.BUILT_IN),
                directory_id=str(organisation.id),
                mdm_server=MdmServer.INTUNE,
                account=f"{organisation.people[0].name}@{organisation.domain}",
                by=None,
                now=now,
            )
            choose(directory_id=organisation.id, enabled=True, by=None)
