"""Receiving signals: each is judged by the gate, kept, and if processed becomes a reason.

1. Signals are judged in the order they come; the outcome is written with each.
2. What a processed signal asks for becomes or ends a reason on the device, in the same
   transaction, under the connector's own origin.
3. The restriction last asked for per line is remembered with its outcome, so that the sender
   knows what to repeat: after a swap of devices, or when the connector is switched on again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from common.sentences import english
from common.tenancy import current_tenant_id
from connectors.gate import HELD, IGNORED, PROCESSED, Passage, judge
from connectors.models import Connector, Signal, SignalledRestriction
from devices.actions.reasons import Reason, change_reasons
from devices.models import RestrictionReason


@dataclass(frozen=True)
class SignalRequest:
    """What a provider asks: block or unblock one restriction of one line, or of one device.

    `device_id` is the device that holds the line's SIM, if any; `carries_data` whether that SIM
    carries the device's data. `unknown` and `is_outdated` are for the gate (connectors.gate);
    `ends_at` is when a block ends by itself.
    """

    key: UUID
    restriction: str
    action: str
    line_id: int | None
    device_id: int | None
    occurred_at: datetime
    carries_data: bool = True
    reason: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    unknown: str = ""
    is_outdated: bool = False
    ends_at: datetime | None = None


def receive(
    *, connector: Connector, requests: Sequence[SignalRequest], now: datetime
) -> list[Signal]:
    """Judge, keep and execute signals of one connector. Call inside a transaction."""
    if not requests:
        return []
    # Locked, so that the switch cannot be thrown between the judgement and its execution.
    connector = Connector.objects.select_for_update(no_key=True).get(pk=connector.pk)
    seen = set(
        Signal.objects.filter(
            connector=connector, key__in=[request.key for request in requests]
        ).values_list("key", flat=True)
    )
    signals = []
    passed: list[tuple[SignalRequest, Passage]] = []
    for request in requests:
        passage = judge(
            is_set_up=connector.is_set_up,
            lets_through=connector.lets_through,
            portal_enabled=connector.portal_enabled,
            unknown=request.unknown,
            is_outdated=request.is_outdated,
            has_device=request.device_id is not None,
            carries_data=request.carries_data,
            is_duplicate=request.key in seen,
        )
        seen.add(request.key)
        passed.append((request, passage))
        signals.append(_signal(connector, request, passage, now))
    Signal.objects.bulk_create(signals, batch_size=500)
    _remember(connector, passed, now)
    _remember_devices(connector, passed, now)
    _execute(connector, passed, now)
    Connector.objects.filter(pk=connector.pk).update(last_connection_at=now)
    return signals


def _signal(
    connector: Connector, request: SignalRequest, passage: Passage, now: datetime
) -> Signal:
    return Signal(
        tenant_id=current_tenant_id(),
        connector=connector,
        key=request.key,
        line_id=request.line_id,
        device_id=request.device_id,
        restriction=request.restriction,
        action=request.action,
        reason=request.reason,
        facts=request.facts,
        occurred_at=request.occurred_at,
        received_at=now,
        outcome=passage.outcome,
        outcome_reason=passage.reason,
    )


def _remember(
    connector: Connector, passed: Sequence[tuple[SignalRequest, Passage]], now: datetime
) -> None:
    latest = {
        (request.line_id, request.restriction): (request, passage)
        for request, passage in passed
        if request.line_id is not None and passage.outcome in {PROCESSED, IGNORED, HELD}
    }
    # An ignored signal changed nothing, so a block that stands is remembered until it has ended.
    ignored = [pair for pair, (_, passage) in latest.items() if passage.outcome == IGNORED]
    if ignored:
        standing = SignalledRestriction.objects.filter(
            connector=connector, outcome=PROCESSED, line_id__in=[line_id for line_id, _ in ignored]
        ).values_list("line_id", "restriction")
        for pair in set(ignored) & set(standing):
            del latest[pair]
    ended = [pair for pair, (request, _) in latest.items() if request.action == "unblock"]
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM connectors_signalledrestriction s "
            "USING unnest(%s::bigint[], %s::text[]) AS w(line_id, restriction) "
            "WHERE s.tenant_id = %s AND s.connector_id = %s AND s.line_id = w.line_id "
            "AND s.restriction = w.restriction",
            [
                [line_id for line_id, _ in ended],
                [restriction for _, restriction in ended],
                current_tenant_id(),
                connector.pk,
            ],
        )
    SignalledRestriction.objects.bulk_create(
        [
            SignalledRestriction(
                tenant_id=current_tenant_id(),
                connector=connector,
                line_id=request.line_id,
                restriction=request.restriction,
                device_id=request.device_id,
                outcome=passage.outcome,
                since=now,
                ends_at=request.ends_at,
            )
            for request, passage in latest.values()
            if request.action == "block"
        ],
        update_conflicts=True,
        unique_fields=["tenant", "connector", "line_id", "restriction"],
        update_fields=["device", "outcome", "since", "ends_at"],
    )


def _remember_devices(
    connector: Connector, passed: Sequence[tuple[SignalRequest, Passage]], now: datetime
) -> None:
    """As _remember, for signals that name a device: only what was executed stands."""
    for request, passage in passed:
        if request.line_id is not None or passage.outcome != PROCESSED:
            continue
        about = {
            "connector": connector,
            "device_id": request.device_id,
            "restriction": request.restriction,
        }
        if request.action == "unblock":  # what lines asked for on this device ends with it
            SignalledRestriction.objects.filter(**about).delete()
        else:
            SignalledRestriction.objects.update_or_create(
                **about,
                line_id=None,
                defaults={"outcome": PROCESSED, "since": now, "ends_at": request.ends_at},
            )


def _execute(
    connector: Connector, passed: Sequence[tuple[SignalRequest, Passage]], now: datetime
) -> None:
    wanted: dict[tuple[int, str, int | None], tuple[str, SignalRequest]] = {}
    for request, passage in passed:
        if passage.outcome == PROCESSED and request.device_id is not None:
            key = (request.device_id, request.restriction, request.line_id)
            wanted[key] = (request.action, request)
    reasons = {
        key: Reason(
            device_id=key[0],
            restriction=key[1],
            line_id=key[2],
            sentence=english(request.reason, request.facts),
        )
        for key, (_, request) in wanted.items()
    }
    ended = [reasons[key] for key, (action, _) in wanted.items() if action == "unblock"]
    change_reasons(
        origin=connector.origin,
        add=[reasons[key] for key, (action, _) in wanted.items() if action == "block"],
        remove=[*ended, *_of_lines(connector, [item for item in ended if item.line_id is None])],
        now=now,
    )


def _of_lines(connector: Connector, released: Sequence[Reason]) -> list[Reason]:
    """What lines asked for on devices that a signal names as a whole: it ends with the device's."""
    if not released:
        return []
    pairs = {(item.device_id, item.restriction) for item in released}
    standing = RestrictionReason.objects.filter(
        origin=connector.origin, device_id__in=[pair[0] for pair in pairs], line_id__isnull=False
    ).values_list("device_id", "restriction", "line_id")
    return [
        Reason(device_id=device_id, restriction=restriction, line_id=line_id)
        for device_id, restriction, line_id in standing
        if (device_id, restriction) in pairs
    ]
