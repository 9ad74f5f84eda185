"""The lines of managed devices: found by what the devices say, and their SIMs put in.

A line whose SIM is, for the portal, in another phone is given only if Intune knows that phone
too, and then it would have told; or if it is out of management. Otherwise a person decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from connectors.intune_facts import managed_device, same_sim
from connectors.matching import Match, judge
from connectors.models import InventoryItem, MatchState
from connectors.ports import LineMatches, LineSeat, lines
from connectors.workers.inventory_rows import Row
from devices.actions import managed
from devices.models import Device, DeviceState
from tenants import directory_people

NUMBERS = {"phone": "phoneNumber", "iccid": "iccid", "imei": "imei"}


# --- found ------------------------------------------------------------------------------------


def match(rows: Sequence[Row]) -> None:
    """Set the line of each device that nobody has decided on."""
    for row in rows:
        is_decided = row.item.match_state == MatchState.DECIDED
        if is_decided and row.is_changed and _numbers(row.before) != _numbers(row.item.facts):
            _none(row.item)  # it speaks of another SIM now
    free = [row.item for row in rows if row.item.match_state != MatchState.DECIDED]
    free.sort(key=lambda item: item.line_id is None)  # who lets go of a line does so first
    found = lines().matches(
        phones=_values(free, "phone"),
        iccids=_values(free, "iccid"),
        imeis=_values(free, "imei"),
    )
    named = {item.key: _named(item, found) for item in free}
    wanted = {line for each in named.values() for line in each.values()}
    holders = _holders(wanted, {row.item.key: row.item for row in rows})
    seats = lines().seats(ids=wanted)
    staying = _staying(seats)
    for item in free:
        others = {
            line: holder
            for line, holder in holders.items()
            if holder is not item and holder.line_id == line
        }
        result = judge(
            found=named[item.key],
            taken={line: holder.match_by for line, holder in others.items()},
            against=_against(item, named[item.key].values(), seats, staying),
        )
        if result.line_id is not None:
            loser = others.get(result.line_id)
            if loser is not None:
                _lose(loser)
            holders[result.line_id] = item
        _apply(item, result)


def _numbers(facts: dict[str, Any]) -> list[Any]:
    return [facts.get(name) for name in NUMBERS.values()]


def _values(items: Iterable[InventoryItem], number: str) -> set[str]:
    return {str(item.facts[NUMBERS[number]]) for item in items if NUMBERS[number] in item.facts}


def _named(item: InventoryItem, found: LineMatches) -> dict[str, int]:
    maps = {"phone": found.by_phone, "iccid": found.by_iccid, "imei": found.by_imei}
    named = {}
    for key, lines_of in maps.items():
        line = lines_of.get(str(item.facts.get(NUMBERS[key], "")))
        if line is not None:
            named[key] = line
    return named


def _holders(line_ids: Collection[int], here: dict[str, InventoryItem]) -> dict[int, InventoryItem]:
    """The managed device that has each of these lines already; `here` are those of this page."""
    held = InventoryItem.objects.filter(line_id__in=line_ids, gone_at=None).order_by("-pk")
    # One of this page is as this page says: its line may have been taken from it just now.
    return {item.line_id: here.get(item.key, item) for item in held if item.line_id}


def _staying(seats: dict[int, LineSeat]) -> set[int]:
    """Devices that SIMs are in and that only the portal knows: nothing says that they left."""
    inside = {seat.device_id for seat in seats.values() if seat.device_id}
    at_intune = InventoryItem.objects.filter(device_id__in=inside, gone_at=None)
    known = set(at_intune.values_list("device_id", flat=True))
    under = Device.objects.filter(pk__in=inside - known, state=DeviceState.MANAGED)
    return set(under.values_list("pk", flat=True))


def _against(
    item: InventoryItem,
    line_ids: Iterable[int],
    seats: dict[int, LineSeat],
    staying: set[int],
) -> frozenset[int]:
    """Lines whose SIM is in a phone that only the portal knows, or is another SIM than this."""
    iccid = managed_device(item.facts).iccid
    found = set()
    for line_id in line_ids:
        seat = seats.get(line_id)
        if seat is None:
            continue
        elsewhere = seat.device_id != item.device_id and seat.device_id in staying
        other_sim = bool(iccid and seat.iccid) and not same_sim(iccid, seat.iccid)
        if elsewhere or other_sim:
            found.add(line_id)
    return frozenset(found)


def _lose(item: InventoryItem) -> None:
    """A surer number has named its line for another device."""
    _none(item)
    InventoryItem.objects.filter(pk=item.pk).update(
        match_state=MatchState.NONE, match_by="", line_id=None, candidates=[]
    )


def _none(item: InventoryItem) -> None:
    _apply(item, Match("none"))


def _apply(item: InventoryItem, result: Match) -> None:
    item.match_state, item.match_by = result.state, result.by
    item.line_id, item.candidates = result.line_id, list(result.candidates)


# --- seated -----------------------------------------------------------------------------------


def seat(rows: Sequence[Row], *, now: datetime) -> tuple[int, int]:
    """The SIMs of matched lines are in their devices, and who uses them holds the line.

    Returns how many SIMs moved and how many lines got a holder.
    """
    matched = [
        row.item
        for row in rows
        if row.item.match_state == MatchState.MATCHED and row.item.device_id and row.item.line_id
    ]
    seats = lines().seats(ids=[item.line_id for item in matched if item.line_id])
    unknown = {
        item.line_id: iccid
        for item in matched
        if item.line_id in seats and not seats[item.line_id].iccid
        if (iccid := managed_device(item.facts).iccid)
    }
    if unknown:
        lines().learn(iccids=unknown, now=now)
        seats |= lines().seats(ids=list(unknown))
    moving = {
        item.device_id: seats[item.line_id].sim_id
        for item in matched
        if item.line_id in seats and seats[item.line_id].device_id != item.device_id
    }
    return managed.seat_many(seats=moving, now=now), _give_holders(matched, seats, now)


def _give_holders(items: Sequence[InventoryItem], seats: dict[int, LineSeat], now: datetime) -> int:
    users = {
        item.line_id: str(item.facts.get("userPrincipalName", "")).lower()
        for item in items
        if item.line_id in seats and not seats[item.line_id].has_holder
    }
    known = directory_people.by_address(addresses=users.values())
    people = {line: known[user] for line, user in users.items() if user in known}
    return lines().give_holders(people=people, now=now) if people else 0
