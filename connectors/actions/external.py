"""Signals of providers outside: about a line or a device they name, through the same gate.

A provider's block stands until its own unblock, until the connector is turned off, or until the
end of the billing cycle in which it came, whichever is first. In between it follows the line's
SIM from one device to another, as the built-in engine's do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from common.tenancy import across_tenants, tenant_scope
from connectors.actions.signals import SignalRequest, receive
from connectors.models import Connector, Outcome, Provider, Signal, SignalledRestriction
from connectors.ports import LinePlace, lines
from devices.models import Device, DeviceState

DEVICE_KEYS = ("imei", "serial", "udid")
LINE_KEYS = ("msisdn", "iccid")


class SignalReused(Exception):
    """The id of an earlier signal stands on one that asks for something else."""


@dataclass(frozen=True)
class ExternalSignal:
    """What a provider sent. `kind` is one of DEVICE_KEYS and LINE_KEYS, `value` the number."""

    key: UUID
    kind: str
    value: str
    restriction: str
    action: str
    reason: str
    occurred_at: datetime


def receive_external(
    *, connector: Connector, signal: ExternalSignal, now: datetime
) -> tuple[Signal, Signal | None]:
    """Judge, keep and execute one signal; returns its row, and the first one of a duplicate.

    Raises SignalReused, and BadLineKey for a number that no line can have.
    """
    with transaction.atomic():
        # Locked before anything is looked up: two at once are judged one after the other.
        connector = Connector.objects.select_for_update(no_key=True).get(pk=connector.pk)
        first = Signal.objects.filter(connector=connector, key=signal.key)
        known = first.exclude(outcome=Outcome.DUPLICATE).first()
        request = _request(connector, signal, now)
        if known is not None and not _is_same(known, request):
            raise SignalReused
        [row] = receive(connector=connector, requests=[request], now=now)
    return row, known


def _is_same(known: Signal, request: SignalRequest) -> bool:
    return (known.action, known.restriction, known.facts, known.occurred_at) == (
        request.action,
        request.restriction,
        request.facts,
        request.occurred_at,
    )


def _request(connector: Connector, signal: ExternalSignal, now: datetime) -> SignalRequest:
    request = SignalRequest(
        key=signal.key,
        restriction=signal.restriction,
        action=signal.action,
        line_id=None,
        device_id=None,
        occurred_at=signal.occurred_at,
        reason="provider_says",
        facts={"text": signal.reason, signal.kind: signal.value},
    )
    if signal.kind in LINE_KEYS:
        found = _about_line(connector, request, signal, now)
    else:
        found = _about_device(request, signal, now)
    return replace(found, is_outdated=_is_outdated(connector, found))


def _about_line(
    connector: Connector, request: SignalRequest, signal: ExternalSignal, now: datetime
) -> SignalRequest:
    place = lines().find(kind=signal.kind, value=signal.value, now=now)
    if place is None:
        return replace(request, unknown="unknown_line")
    device_id = place.device_id
    if signal.action == "unblock":  # where the block stands, wherever the SIM is by now
        standing = SignalledRestriction.objects.filter(
            connector=connector, line_id=place.line_id, restriction=signal.restriction
        ).first()
        device_id = (standing and standing.device_id) or device_id
    return replace(
        request,
        line_id=place.line_id,
        device_id=device_id,
        carries_data=place.carries_data or signal.action == "unblock",
        ends_at=place.cycle_ends_at,
    )


def _about_device(request: SignalRequest, signal: ExternalSignal, now: datetime) -> SignalRequest:
    in_service = Device.objects.exclude(state=DeviceState.RETIRED)
    device = in_service.filter(**{signal.kind: signal.value}).order_by("pk").first()
    if device is None:
        return replace(request, unknown="unknown_device")
    place = lines().of_device(device_id=device.pk, now=now)
    ends_at = place.cycle_ends_at if place else _end_of_month(now)
    return replace(request, device_id=device.pk, ends_at=ends_at)


def _end_of_month(now: datetime) -> datetime:
    """The cycle of a device without a line: the calendar month in the tenant's zone."""
    local = timezone.localtime(now)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    year, month = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
    return timezone.make_aware(first.replace(year=year, month=month))


def _is_outdated(connector: Connector, request: SignalRequest) -> bool:
    """Whether a later signal about the same has been executed: this one came out of order."""
    if request.line_id is None and request.device_id is None:
        return False
    about: dict[str, Any] = {"line_id": request.line_id}
    if request.line_id is None:
        about["device_id"] = request.device_id
    return Signal.objects.filter(
        connector=connector,
        restriction=request.restriction,
        outcome__in=[Outcome.PROCESSED, Outcome.HELD],
        occurred_at__gt=request.occurred_at,
        **about,
    ).exists()


def follow_lines(*, places: Sequence[LinePlace], now: datetime) -> None:
    """Let external providers' blocks follow their lines: to another device, or to their end.

    Called with lines that were judged again, inside that transaction.
    """
    where = {place.line_id: place for place in places}
    standing = (
        SignalledRestriction.objects.filter(line_id__in=list(where))
        .exclude(connector__provider=Provider.BUILT_IN)
        .exclude(outcome=Outcome.IGNORED)
        .select_related("connector")
        .order_by("connector_id", "line_id", "restriction")
    )
    for row in standing:
        requests = _moves(row, where[row.line_id], now)
        receive(connector=row.connector, requests=requests, now=now)


def _moves(row: SignalledRestriction, place: LinePlace, now: datetime) -> list[SignalRequest]:
    processed = row.outcome == Outcome.PROCESSED
    if not place.is_active:
        return [_by_portal(row, "unblock", row.device_id, "line_retired", now)]
    if place.device_id == row.device_id and place.carries_data == processed:
        return []
    requests = []
    if processed:
        requests.append(_by_portal(row, "unblock", row.device_id, "device_gone", now))
    elif place.device_id is None or not place.carries_data:
        return []
    block = _by_portal(row, "block", place.device_id, "provider_follows", now)
    return [*requests, replace(block, carries_data=place.carries_data, ends_at=row.ends_at)]


def _by_portal(
    row: SignalledRestriction, action: str, device_id: int | None, reason: str, now: datetime
) -> SignalRequest:
    return SignalRequest(
        key=uuid4(),
        restriction=row.restriction,
        action=action,
        line_id=row.line_id,
        device_id=device_id,
        occurred_at=now,
        reason=reason,
    )


def end_due(*, now: datetime) -> int:
    """End the blocks whose billing cycle is over, in every tenant; returns how many."""
    with across_tenants("cycles end in every tenant"):
        due = SignalledRestriction.objects.filter(ends_at__lte=now)
        tenants = sorted(set(due.values_list("tenant_id", flat=True)))
    count = 0
    for tenant_id in tenants:
        with tenant_scope(tenant_id):
            count += _end_due_of_tenant(now)
    return count


def _end_due_of_tenant(now: datetime) -> int:
    with transaction.atomic():
        due = list(
            SignalledRestriction.objects.filter(ends_at__lte=now)
            .select_related("connector")
            .order_by("connector_id", "pk")
        )
        for row in due:
            request = _by_portal(row, "unblock", row.device_id, "provider_cycle_ended", now)
            receive(connector=row.connector, requests=[request], now=now)
            SignalledRestriction.objects.filter(pk=row.pk).delete()
    return len(due)
