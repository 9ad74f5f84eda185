"""Users of the directory as people of the portal: found by their address, else made; followed.

Guests and accounts that are switched off become nobody new. Who is gone from the directory stays,
with every line and entry, and is offered for nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from connectors.models import InventoryItem
from connectors.workers.inventory_rows import Row
from tenants import directory_people
from tenants.directory_people import ToldPerson


def told_of(facts: Mapping[str, Any]) -> ToldPerson:
    """The portal's view of Graph's user."""

    def said(name: str) -> str:
        return str(facts.get(name) or "").replace("\0", "").strip()

    address = said("mail") or said("userPrincipalName")
    return ToldPerson(
        name=(said("displayName") or address)[:120],
        email=address if len(address) <= 254 else "",
        department=said("department")[:120],
    )


def link(rows: Sequence[Row], *, now: datetime) -> int:
    """Give each user their person, new ones included; returns how many were made."""
    free = [row.item for row in rows if row.item.person_id is None and _belongs(row.item.facts)]
    if not free:
        return 0
    addresses = {item.key: _addresses(item.facts) for item in free}
    known = directory_people.by_address(
        addresses=[address for each in addresses.values() for address in each]
    )
    new: dict[str, list[InventoryItem]] = {}
    for item in free:
        found = next((known[each] for each in addresses[item.key] if each in known), None)
        if found is not None:
            item.person_id = found
        else:
            new.setdefault(told_of(item.facts).email.lower() or item.key, []).append(item)
    people = directory_people.add_many(
        told=[told_of(items[0].facts) for items in new.values()], now=now
    )
    for items, person in zip(new.values(), people, strict=True):
        for item in items:
            item.person_id = person.pk
    return len(people)


def _belongs(facts: Mapping[str, Any]) -> bool:
    return facts.get("accountEnabled") is not False and facts.get("userType") != "Guest"


def _addresses(facts: Mapping[str, Any]) -> list[str]:
    named = (facts.get("mail"), facts.get("userPrincipalName"))
    return [str(address).lower() for address in named if address]


def follow(rows: Sequence[Row]) -> None:
    """People are called as the directory calls them now, where it calls them otherwise."""
    told: dict[int, dict[str, str]] = {}
    for row in rows:
        if row.item.person_id and row.is_changed and row.before:
            before = asdict(told_of(row.before))
            told[row.item.person_id] = {
                name: value
                for name, value in asdict(told_of(row.item.facts)).items()
                if value != before[name]
            }
    directory_people.follow_many(told={pk: new for pk, new in told.items() if new})
    directory_people.mark_back(
        person_ids={row.item.person_id for row in rows if row.was_gone and row.item.person_id}
    )


def mark_gone(items: Sequence[InventoryItem], *, now: datetime) -> None:
    """They left the directory, unless another account there is theirs."""
    gone = {item.person_id for item in items if item.person_id}
    there = InventoryItem.objects.filter(person_id__in=gone, gone_at=None)
    directory_people.mark_gone(
        person_ids=gone - set(there.values_list("person_id", flat=True)), now=now
    )
