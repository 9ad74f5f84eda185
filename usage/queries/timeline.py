"""Every step of a line, newest first: usage, decision, alert, signal, control, command, answer.

Nothing is copied into a log of its own. Each kind of step is read from the rows that are its
record, by one bounded query per kind, and the kinds are merged by time. Steps of one instant
stand in the order in which they cause each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import Case, Count, F, Max, Q, Sum, When
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.models import Alert
from audit.models import AuditEvent
from common.sentences import sentence
from common.wording import moment, volume
from connectors.models import Signal
from devices.models import Command, DeviceControl, DeviceSim, Restriction
from devices.wire import WireText, wire_text
from usage.models import Decision, Line, LineException, LineSim, UsageRecord

PAGE = 30
LAST_PAGE = 20
USAGE_WINDOW = timedelta(days=400)
"""How far back days of usage are told; the partitions before it stay unread."""

ORDER = ("usage", "act", "exception", "decision", "alert", "signal", "control", "command", "answer")


@dataclass(frozen=True)
class Step:
    """One thing that happened. `pills` are (kind, value) of common.statuses."""

    kind: str
    at: datetime
    sentence: str
    pills: tuple[tuple[str, str], ...] = ()
    moments: tuple[tuple[str, datetime], ...] = ()
    texts: tuple[WireText, ...] = ()

    @property
    def key(self) -> tuple[datetime, int]:
        return self.at, ORDER.index(self.kind)


@dataclass(frozen=True)
class TimelinePage:
    """A page of steps; the numbers of the neighbours are None at the ends."""

    steps: list[Step]
    number: int
    previous: int | None
    next: int | None


def timeline(*, line: Line, page: str, now: datetime) -> TimelinePage:
    """A page of the steps of `line` (with its carrier); `page` is as typed, nonsense is page 1."""
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1
    number = min(max(number, 1), LAST_PAGE)
    most = number * PAGE + 1
    seats = _seats(line)
    steps = sorted(
        chain(
            _usage(line, now, most),
            _acts(line, seats, most),
            _exceptions(line, most),
            _decisions(line, most),
            _alerts(line, most),
            _signals(line, most),
            _controls(seats),
            _commands(seats, most),
        ),
        key=lambda step: step.key,
        reverse=True,
    )
    start = (number - 1) * PAGE
    return TimelinePage(
        steps=steps[start : start + PAGE],
        number=number,
        previous=number - 1 if number > 1 else None,
        next=number + 1 if len(steps) > start + PAGE and number < LAST_PAGE else None,
    )


# --- one function per kind ----------------------------------------------------------------------


def _usage(line: Line, now: datetime, most: int) -> Iterable[Step]:
    abroad = ~Q(country__in=["", line.carrier.country])
    days = (
        UsageRecord.objects.filter(line=line, started_at__gte=now - USAGE_WINDOW)
        .values("day", "source")
        .annotate(
            at=Max("received_at"),
            samples=Count("key"),
            total=Sum("volume"),
            roaming=Sum(Case(When(abroad, then=F("volume")), default=0)),
        )
        .order_by("-at", "-day")[:most]
    )
    for row in days:
        words = _("%(volume)s used on %(day)s") % {
            "volume": volume(row["total"]),
            "day": date_format(row["day"], "j M Y"),
        }
        if row["roaming"]:
            words = _("%(words)s, of which %(volume)s roaming") % {
                "words": words,
                "volume": volume(row["roaming"]),
            }
        count = ngettext("%(n)s record", "%(n)s records", row["samples"]) % {"n": row["samples"]}
        yield Step("usage", row["at"], f"{words} ({count}).", pills=(("source", row["source"]),))


def _decisions(line: Line, most: int) -> Iterable[Step]:
    rows = Decision.objects.filter(line=line).order_by("-decided_at", "-pk")[:most]
    for row in rows:
        yield Step(
            "decision",
            row.decided_at,
            sentence(row.reason, row.facts),
            pills=(("standing", row.standing),),
        )


def _alerts(line: Line, most: int) -> Iterable[Step]:
    rows = Alert.objects.filter(subject_type="line", subject_id=line.pk)
    for row in rows.order_by("-raised_at", "-pk")[:most]:
        yield Step(
            "alert",
            row.raised_at,
            sentence(row.reason, row.facts),
            pills=(("severity", row.severity), ("alert", row.state)),
            moments=_known((_("Resolved"), row.resolved_at)),
        )


def _signals(line: Line, most: int) -> Iterable[Step]:
    rows = Signal.objects.filter(line_id=line.pk).select_related("device", "connector")
    for row in rows.order_by("-received_at", "-pk")[:most]:
        words = {
            "action": row.get_action_display(),
            "restriction": row.get_restriction_display(),
            "connector": row.connector,
            "reason": sentence(row.reason, row.facts),
        }
        said = _("%(action)s: %(restriction)s, signalled by %(connector)s. %(reason)s") % words
        if row.outcome_reason:
            said = f"{said} {sentence(row.outcome_reason, row.facts)}"
        yield Step("signal", row.received_at, said, pills=(("signal", row.outcome),))


def _exceptions(line: Line, most: int) -> Iterable[Step]:
    rows = LineException.objects.filter(line=line).select_related("created_by")
    for row in rows.order_by("-starts_at", "-pk")[:most]:
        words = {
            "kind": row.get_kind_display(),
            "person": row.created_by or _("somebody who is gone"),
            "until": moment(row.ends_at),
            "reason": row.reason,
        }
        said = _("%(kind)s by %(person)s until %(until)s: %(reason)s") % words
        yield Step("exception", row.starts_at, said)


def _controls(seats: list[DeviceSim]) -> Iterable[Step]:
    devices = [seat.device_id for seat in seats if seat.unlinked_at is None]
    for row in DeviceControl.objects.filter(device_id__in=devices).select_related("device"):
        shall = _("%(device)s shall be so: %(state)s.") % {
            "device": row.device,
            "state": _restrictions(row.desired),
        }
        yield Step("control", row.desired_since, shall)
        if row.observed_at:
            seen = _("%(device)s was seen so: %(state)s.") % {
                "device": row.device,
                "state": _restrictions(row.observed or []),
            }
            yield Step("answer", row.observed_at, seen)


def _commands(seats: list[DeviceSim], most: int) -> Iterable[Step]:
    held = _while_held(seats)
    if held is None:
        return
    rows = Command.objects.filter(held).select_related("device").order_by("-created_at", "-pk")
    for row in rows[:most]:
        words = {"kind": row.kind, "device": row.device, "state": _restrictions(row.desired_after)}
        yield Step(
            "command",
            row.created_at,
            _("%(kind)s to %(device)s, for the state: %(state)s.") % words,
            pills=(("command", row.status),),
            moments=_known(
                (_("Handed over"), row.handed_over_at), (_("Delivered"), row.delivered_at)
            ),
            texts=(wire_text(bytes(row.payload)),),
        )
        if row.answered_at:
            said = row.error or _("%(device)s answered %(kind)s.") % words
            answer = (wire_text(bytes(row.answer)),) if row.answer else ()
            yield Step("answer", row.answered_at, said, texts=answer)


def _acts(line: Line, seats: list[DeviceSim], most: int) -> Iterable[Step]:
    devices = {str(seat.device_id) for seat in seats if seat.unlinked_at is None}
    about = Q(object_type="line", object_id=str(line.pk))
    if devices:
        about |= Q(object_type="device", object_id__in=devices)
    for row in AuditEvent.objects.filter(about).order_by("-at", "-pk")[:most]:
        said = _("%(person)s: %(act)s") % {"person": row.actor, "act": _act(row)}
        yield Step("act", row.at, f"{said} {row.reason}".strip())


# --- words --------------------------------------------------------------------------------------


def _act(event: AuditEvent) -> str:
    """The act in words: the verb, the object, and each changed value."""
    verb = event.action.rpartition(".")[2].replace("_", " ")
    changed = [
        f"{key}: {(event.before or {}).get(key) or '–'} → {value or '–'}"
        for key, value in (event.after or {}).items()
        if event.before is not None
    ]
    said = f"{event.object_name}, {verb}."
    return f"{said} {'; '.join(changed)}" if changed else said


def _restrictions(values: list[str]) -> str:
    known = dict(Restriction.choices)
    if not values:
        return _("nothing blocked")
    blocked = ", ".join(str(known.get(value, value)).lower() for value in sorted(values))
    return _("%(restrictions)s blocked") % {"restrictions": blocked}


def _known(*moments: tuple[str, Any]) -> tuple[tuple[str, datetime], ...]:
    return tuple((label, at) for label, at in moments if at is not None)


# --- the devices the line was in -----------------------------------------------------------------


def _seats(line: Line) -> list[DeviceSim]:
    """Where the line's SIMs are and were, with dates; a line has few."""
    sims = LineSim.objects.filter(line=line).values("sim_id")
    return list(DeviceSim.objects.filter(sim_id__in=sims).order_by("-linked_at", "-pk")[:20])


def _while_held(seats: list[DeviceSim]) -> Q | None:
    """Condition on a command: made while a SIM of the line was in the device."""
    held = None
    for seat in seats:
        during = Q(device_id=seat.device_id, created_at__gte=seat.linked_at)
        if seat.unlinked_at is not None:
            during &= Q(created_at__lte=seat.unlinked_at)
        held = during if held is None else held | during
    return held
