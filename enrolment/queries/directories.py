"""Where people of the tenant in scope sign in with their work account."""

from __future__ import annotations

from connectors.models import Connector, Consent, ConsentState, Purpose


def directory_of_tenant() -> str | None:
    """The id of the Microsoft tenant that gave the TEM app its consent; None where none did."""
    given = Consent.objects.filter(purpose=Purpose.TEM_APP, state=ConsentState.ACTIVE)
    connected = Connector.objects.filter(
        pk__in=given.values("connector_id"), app_authorized=True, directory_id__isnull=False
    )
    found = connected.order_by("pk").values_list("directory_id", flat=True).first()
    return str(found) if found else None
