"""Intune's profiles, the groups they are linked to, and who is in such a group, through Graph.

A profile applies to a device that is in a group linked to it. Only groups that a profile names
are ever changed, and never one whose members follow a rule: the consent would let the portal
change any group of the directory, so this module is where that ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from connectors.graph import BadAnswer, GraphClient, GraphRefused, NotFound, OutcomeUnknown

_BASE = "deviceManagement/deviceConfigurations"
_EXCLUDING = "exclusionGroupAssignmentTarget"


@dataclass(frozen=True)
class LinkedGroup:
    """`is_excluded`: the profile leaves its members out. `is_dynamic`: its members follow a rule.

    `is_in` tells whether the device that was asked about is in it; None where none was.
    """

    key: str
    name: str
    is_excluded: bool
    is_dynamic: bool
    is_in: bool | None = None

    @property
    def is_open(self) -> bool:
        """Whether a device can be put into it."""
        return not self.is_excluded and not self.is_dynamic


@dataclass(frozen=True)
class Profile:
    name: str
    kind: str
    groups: tuple[LinkedGroup, ...]


def profiles(client: GraphClient, *, inside: frozenset[str] | None = None) -> list[Profile]:
    """All profiles with their groups. `inside` are the groups of one device. Raises GraphError."""
    known = {
        str(group["id"]): group
        for group in client.items("groups", select="id,displayName,groupTypes")
        if group.get("id")
    }
    found = []
    for body in client.items(_BASE):
        key = str(body.get("id", ""))
        targets = [each.get("target") for each in client.items(f"{_BASE}/{key}/assignments")]
        found.append(
            Profile(
                name=str(body.get("displayName") or key),
                kind=str(body.get("@odata.type", "")).rpartition(".")[2],
                groups=tuple(
                    _linked(target, known, inside)
                    for target in targets
                    if isinstance(target, dict) and target.get("groupId")
                ),
            )
        )
    return found


def _linked(
    target: Mapping[str, Any], known: Mapping[str, dict[str, Any]], inside: frozenset[str] | None
) -> LinkedGroup:
    key = str(target["groupId"])
    group = known.get(key, {})
    return LinkedGroup(
        key=key,
        name=str(group.get("displayName") or key),
        is_excluded=str(target.get("@odata.type", "")).endswith(_EXCLUDING),
        is_dynamic="DynamicMembership" in (group.get("groupTypes") or []),
        is_in=None if inside is None else key in inside,
    )


# --- one device -------------------------------------------------------------------------------


def entra_id_of(facts: Mapping[str, Any]) -> str:
    """The id of a managed device in Entra, empty where it is not registered there."""
    try:
        found = UUID(str(facts.get("azureADDeviceId", "")))
    except ValueError:
        return ""
    return str(found) if found.int else ""


def object_of(client: GraphClient, *, entra_id: str) -> str:
    """The directory object of a device: groups know that one. Raises NotFound, GraphError."""
    page = client.get("devices", filter=f"deviceId eq '{UUID(entra_id)}'", select="id")
    found = page.get("value")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadAnswer(code="devices")
    if not found or not found[0].get("id"):
        raise NotFound(status=404, code="device")
    return str(found[0]["id"])


def groups_of(client: GraphClient, *, object_id: str) -> frozenset[str]:
    """The groups that a device is a direct member of. Raises GraphError."""
    found = client.items(f"devices/{object_id}/memberOf", select="id")
    return frozenset(str(group.get("id", "")) for group in found)


def put_in(client: GraphClient, *, group: str, object_id: str) -> None:
    """The device is in the group, whether it was before or not. Raises GraphError."""
    try:
        link = {"@odata.id": f"{client.base}directoryObjects/{object_id}"}
        client.post(f"groups/{group}/members/$ref", link)
    except (GraphRefused, OutcomeUnknown):  # it was there, or nobody knows: the list says so
        if group not in groups_of(client, object_id=object_id):
            raise


def take_out(client: GraphClient, *, group: str, object_id: str) -> None:
    """The device is not in the group, whether it was before or not. Raises GraphError."""
    try:
        client.delete(f"groups/{group}/members/{object_id}/$ref")
    except (NotFound, GraphRefused, OutcomeUnknown):
        if group in groups_of(client, object_id=object_id):
            raise
