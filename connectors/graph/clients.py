"""Which application speaks for a tenant, and the client that it speaks with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.clouds import addresses
from common.entra import EntraApp
from common.refusals import Refused
from common.sealed import unseal
from connectors.graph.client import GraphClient
from connectors.graph_limits import Limits
from connectors.models import AppRegistration, Connector, CredentialKind, Purpose

if TYPE_CHECKING:
    from tenants.models import Tenant

WEB_PATIENCE = 5.0
"""Seconds that a page waits for Graph's permission to ask again."""
WORK_PATIENCE = 60.0
"""Seconds that long work waits within one call before it is put off."""


class NoApplication(Refused):
    """Neither the tenant nor the deployment has a registration for this purpose."""


class NotConnected(Refused):
    """No connector of the tenant is connected to a Microsoft tenant."""


def app_for(*, tenant: Tenant, purpose: str) -> EntraApp:
    """The tenant's own registration, or the deployment's for its cloud.

    `purpose` is a value of models.Purpose. Wants the tenant's scope. Raises NoApplication,
    CannotOpen, NoEncryptionKey.
    """
    own = AppRegistration.objects.filter(purpose=purpose).first()
    if own is not None:
        secret = unseal(own.sealed)
        if own.kind == CredentialKind.CERTIFICATE:
            return EntraApp(client_id=str(own.client_id), certificate=secret)
        return EntraApp(client_id=str(own.client_id), secret=secret)
    ours = settings.ENTRA_APPS.get(tenant.cloud, {}).get(purpose)
    if ours is None:
        raise NoApplication(
            _("There is no application registration for this. Add one of your own, or ask the "
              "operator to name one in ENTRA_APPS.")
        )  # fmt: skip
    return EntraApp(
        client_id=ours["client_id"],
        secret=ours.get("secret", ""),
        certificate=ours.get("certificate", ""),
    )


def graph_client(
    *, tenant: Tenant, directory_id: str, purpose: str, patience: float = WEB_PATIENCE
) -> GraphClient:
    """A client of the tenant's Graph. Wants the tenant's scope. Raises as app_for."""
    return GraphClient(
        cloud=addresses(tenant.cloud),
        directory_id=directory_id,
        app=app_for(tenant=tenant, purpose=purpose),
        limits=Limits(tenant_id=tenant.pk, provider="graph"),
        patience=patience,
    )


def connected_client(
    *, tenant: Tenant, purpose: str = Purpose.CONNECTION, patience: float = WEB_PATIENCE
) -> GraphClient:
    """A client of the Microsoft tenant that the tenant is connected to.

    Of several, the built-in engine's, else the oldest. Wants the tenant's scope. Raises
    NotConnected, and as app_for.
    """
    connected = Connector.objects.filter(app_authorized=True, directory_id__isnull=False)
    found = sorted(connected, key=lambda connector: (not connector.is_built_in, connector.pk))
    if not found:
        raise NotConnected(
            _("This tenant is not connected to a Microsoft tenant. Connect it under Connectors.")
        )
    return graph_client(
        tenant=tenant,
        directory_id=str(found[0].directory_id),
        purpose=purpose,
        patience=patience,
    )
