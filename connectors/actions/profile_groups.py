"""Putting a device into a group that a profile of Intune is linked to, and taking it out.

1. What is about to be asked of Microsoft is on record before it is asked, so that no change there
   is without one, whatever dies in between.
2. The group is looked up among those that profiles name, as of now: the form may be old or forged.
3. The change is made with the application that was consented to for this, and then recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import record
from common.refusals import Refused
from connectors import graph_profiles
from connectors.graph import GraphClient, graph_client
from connectors.graph_profiles import LinkedGroup, Profile
from connectors.models import Connector, Consent, ConsentState, InventoryItem, ItemKind, Purpose

if TYPE_CHECKING:
    from tenants.models import User


class ConsentIsOff(Refused):
    """Nobody has accepted that the portal manages profiles."""


class NotRegistered(Refused):
    """The device cannot be in a group of the directory."""


class NotALinkedGroup(Refused):
    """No profile is linked to that group, or its members are not to be chosen."""


def is_on(*, connector: Connector) -> bool:
    """Whether the consent for MDM profile management is in force."""
    return Consent.objects.filter(
        connector=connector, purpose=Purpose.MDM_PROFILES, state=ConsentState.ACTIVE
    ).exists()


def client_of(*, connector: Connector) -> GraphClient:
    """Graph as that application. Raises ConsentIsOff, and as app_for."""
    if not is_on(connector=connector):
        raise ConsentIsOff(_("The consent for MDM profile management is off."))
    return graph_client(
        tenant=connector.tenant,
        directory_id=str(connector.directory_id),
        purpose=Purpose.MDM_PROFILES,
    )


def profiles_of(*, item: InventoryItem) -> list[Profile]:
    """The profiles, and in which of their groups the device is.

    Raises Refused, GraphError, EntraError.
    """
    client = client_of(connector=item.connector)
    object_id = _object(client, item)
    inside = graph_profiles.groups_of(client, object_id=object_id)
    return graph_profiles.profiles(client, inside=inside)


def put_in(*, item: InventoryItem, group: str, by: User) -> LinkedGroup:
    """Put the device in. Raises Refused, GraphError, EntraError."""
    action = "inventory.put_in_group"
    return _change(item, group, by, graph_profiles.put_in, way="in", action=action)


def take_out(*, item: InventoryItem, group: str, by: User) -> LinkedGroup:
    """Take the device out. Raises Refused, GraphError, EntraError."""
    action = "inventory.taken_out_of_group"
    return _change(item, group, by, graph_profiles.take_out, way="out", action=action)


def _change(
    item: InventoryItem, group: str, by: User, ask: Callable[..., None], *, way: str, action: str
) -> LinkedGroup:
    client = client_of(connector=item.connector)
    object_id, found = _object(client, item), _linked(client, group)
    _asked(item, found, by, way)
    ask(client, group=found.key, object_id=object_id)
    _done(item, found, by, action)
    return found


def _object(client: GraphClient, item: InventoryItem) -> str:
    if item.kind != ItemKind.DEVICE or item.gone_at is not None:
        raise NotRegistered(_("Intune does not know this device any more."))
    entra_id = graph_profiles.entra_id_of(item.facts)
    if not entra_id:
        raise NotRegistered(
            _("This device is not registered in Entra, as far as the last sync says. Groups hold "
              "registered devices only.")
        )  # fmt: skip
    return graph_profiles.object_of(client, entra_id=entra_id)


def _linked(client: GraphClient, group: str) -> LinkedGroup:
    for profile in graph_profiles.profiles(client):
        for linked in profile.groups:
            if linked.key == group and linked.is_open:
                return linked
    raise NotALinkedGroup(
        _("This group is linked to no profile any more, or its members follow a rule.")
    )


def _asked(item: InventoryItem, group: LinkedGroup, by: User, way: str) -> None:
    with transaction.atomic():
        record(
            by=by,
            action="inventory.group_change_asked",
            subject=item,
            after={"group": group.name, "group_id": group.key, "way": way},
        )


def _done(item: InventoryItem, group: LinkedGroup, by: User, action: str) -> None:
    with transaction.atomic():
        record(by=by, action=action, subject=item, after={"group": group.name})
