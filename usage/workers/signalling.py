"""From decisions to signals: sent where a line's decision differs from what was last signalled.

What was last signalled is remembered per connector and line with its outcome, so a change of
device, or a connector switched on again, sends the block afresh, and nothing is sent twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from connectors.actions.external import follow_lines
from connectors.actions.signals import SignalRequest, receive
from connectors.models import Connector, Outcome, Provider, SignalledRestriction
from connectors.ports import LinePlace
from usage.cycles import Cycle
from usage.decisions import Crossing, Decision
from usage.queries.due_lines import DueLine

RELEASES = {
    "unblocked_by_hand": "released_by_exception",
    "money_unblocked_by_hand": "released_by_exception",
    "in_grace": "released_in_grace",
    "limit_in_grace": "released_in_grace",
    "exempt": "released_exempt",
}
"""Why a block is lifted although a limit is reached, by the reason of the decision."""


@dataclass
class Judged:
    """A line and its verdict, on the way to the database.

    `reviewed` are the closed periods that were judged again: first day, and day after the last.
    """

    line: DueLine
    cycle: Cycle
    starts_at: datetime
    ends_at: datetime
    verdict: Decision
    late: tuple[Crossing, ...]
    policy_id: int | None
    reviewed: tuple[tuple[date, date], ...] = ()
    decision_id: int | None = None

    def __post_init__(self) -> None:
        if not self.is_new:
            self.decision_id = self.line.decision_id

    @property
    def is_new(self) -> bool:
        """Whether the verdict differs from the last decision."""
        return self.verdict.fingerprint != self.line.fingerprint


def send_signals(*, judged: list[Judged], now: datetime) -> None:
    """Send the built-in engine's signals for these lines; a tenant without it sends none.

    What external providers asked for follows the lines too.
    """
    follow_lines(places=[_place(item) for item in judged], now=now)
    connector = Connector.objects.filter(provider=Provider.BUILT_IN).first()
    if connector is None:
        return
    last: dict[int, dict[str, SignalledRestriction]] = defaultdict(dict)
    for row in SignalledRestriction.objects.filter(
        connector=connector, line_id__in=[item.line.line_id for item in judged]
    ):
        last[row.line_id][row.restriction] = row
    requests = [
        request
        for item in judged
        if item.verdict.restrictions or item.line.line_id in last
        for request in _requests(item, last[item.line.line_id], connector.lets_through, now)
    ]
    receive(connector=connector, requests=requests, now=now)


def _place(item: Judged) -> LinePlace:
    return LinePlace(
        line_id=item.line.line_id,
        device_id=item.line.device_id,
        carries_data=item.line.carries_data,
        cycle_ends_at=item.ends_at,
        is_active=item.line.active,
    )


def _requests(
    item: Judged, last: dict[str, SignalledRestriction], lets_through: bool, now: datetime
) -> Iterator[SignalRequest]:
    line, verdict = item.line, item.verdict

    def request(
        restriction: str, action: str, device_id: int | None, reason: str, facts: dict[str, Any]
    ) -> SignalRequest:
        return SignalRequest(
            key=uuid4(),
            restriction=restriction,
            action=action,
            line_id=line.line_id,
            device_id=device_id,
            carries_data=line.carries_data or action == "unblock",
            occurred_at=now,
            reason=reason,
            facts=facts,
        )

    for restriction, row in last.items():
        moved = row.outcome == Outcome.PROCESSED and not _is_in_place(row, line)
        if restriction not in verdict.restrictions:
            released = _released(verdict)
            yield request(restriction, "unblock", row.device_id or line.device_id, *released)
        elif moved:
            yield request(restriction, "unblock", row.device_id, "device_gone", {})
    for restriction in verdict.restrictions:
        if _wants_sending(last.get(restriction), line, lets_through):
            reason, facts = verdict.cause_reasons[restriction], verdict.causes[restriction]
            yield request(restriction, "block", line.device_id, reason, facts)


def _released(verdict: Decision) -> tuple[str, dict[str, Any]]:
    released = RELEASES.get(verdict.reason)
    if released is not None:
        return released, verdict.facts
    if verdict.reason == "line_retired":
        return "line_retired", {}
    if verdict.reason == "personal_device":
        return "released_personal_device", {}
    return "released_within_limits", verdict.facts


def _wants_sending(row: SignalledRestriction | None, line: DueLine, lets_through: bool) -> bool:
    if row is None:
        return True
    if row.outcome == Outcome.PROCESSED:
        return not _is_in_place(row, line)
    if row.outcome == Outcome.IGNORED:
        return lets_through
    return line.device_id is not None and line.carries_data


def _is_in_place(row: SignalledRestriction, line: DueLine) -> bool:
    """Whether the processed block stands on the device that carries the line's data now."""
    return row.device_id == line.device_id and line.carries_data
