"""The record of the TEM partner in Intune, kept in step with the connector.

Microsoft has withdrawn the resource from its own clouds, where the connector itself is then all
the record there is.
"""

from __future__ import annotations

from typing import Any

from connectors.graph import BadAnswer, GraphClient, GraphRefused, NotFound
from connectors.models import Connector

PARTNERS = "deviceManagement/telecomExpenseManagementPartners"


def keep_record(client: GraphClient, connector: Connector) -> str:
    """Make or correct the record; its id, empty where the cloud has no such thing."""
    wanted = _wanted(connector)
    try:
        found = _found(client, connector)
    except (NotFound, GraphRefused):
        if client.cloud.is_sandbox:
            raise
        return ""
    if found is None:
        return _id_of(client.post(PARTNERS, wanted))
    if any(found.get(name) != value for name, value in wanted.items()):
        client.patch(f"{PARTNERS}/{_id_of(found)}", wanted)
    return _id_of(found)


def _id_of(record: dict[str, Any]) -> str:
    if not record.get("id"):
        raise BadAnswer(code="partner")
    return str(record["id"])


def _wanted(connector: Connector) -> dict[str, Any]:
    last = connector.last_connection_at
    return {
        "displayName": connector.display_name,
        "url": connector.url or None,
        "appAuthorized": True,
        "enabled": connector.portal_enabled,
        "lastConnectionDateTime": last.strftime("%Y-%m-%dT%H:%M:%SZ") if last else None,
    }


def _found(client: GraphClient, connector: Connector) -> dict[str, Any] | None:
    """By its id, else by its name: one whose making was never confirmed is not made twice."""
    for record in client.items(PARTNERS):
        if record.get("id") == connector.partner_id:
            return record
        if not connector.partner_id and record.get("displayName") == connector.display_name:
            return record
    return None
