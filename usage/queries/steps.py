"""The kinds of steps on a line's timeline, each read from the rows that are its record.

One bounded query per kind. A step is its kind's place in the chain of causes and what the
timeline component shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, Max, Q, Sum, When
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alerts.models import Alert
from alerts.models.alert import Severity
from audit.models import AuditEvent
from common.retelling import retold
from common.sentences import sentence
from common.timelines import TimelineEntry
from common.wording import day, exact_moment, moment, volume
from connectors.models import Signal
from devices.models import Command, DeviceControl, DeviceSim, Restriction
from devices.statuses import COMMAND as COMMAND_LOOKS
from devices.wire import wire_text
from usage.models import Decision, ExceptionKind, Line, LineException, LineSim, Source, UsageRecord
from usage.queries.act_words import act_in_words, changes_in_words
from usage.queries.exception_words import exception_in_words
from usage.statuses import STANDING

USAGE_WINDOW = timedelta(days=400)
"""How far back days of usage are told; the partitions before it stay unread."""
OUTCOME_TONES = {
    "processed": "info",
    "ignored": "warn",
    "held": "warn",
    "rejected": "bad",
    "duplicate": "neutral",
}

(USAGE, ACT, EXCEPTION, DECISION, ALERT, SIGNAL, CONTROL, COMMAND, ANSWER) = range(9)
"""The kinds of steps, in the order in which one causes the next."""

LOOKS: dict[int, tuple[Any, str]] = {
    USAGE: (gettext_lazy("Usage"), "chart-column"),
    ACT: (gettext_lazy("Change"), "user-pen"),
    EXCEPTION: (gettext_lazy("Exception"), "lock-open"),
    DECISION: (gettext_lazy("Decision"), "scale"),
    ALERT: (gettext_lazy("Alert"), "bell"),
    SIGNAL: (gettext_lazy("Signal"), "radio"),
    CONTROL: (gettext_lazy("Restriction"), "shield"),
    COMMAND: (gettext_lazy("Command"), "send"),
    ANSWER: (gettext_lazy("Answer"), "smartphone"),
}
Fact = tuple[str, Any]
Step = tuple[int, TimelineEntry]


def _step(
    kind: int,
    time: datetime,
    said: str,
    *facts: Fact,
    tone: str = "neutral",
    by: str = "",
) -> Step:
    """One step; facts without a value are left out."""
    word, icon = LOOKS[kind]
    known = tuple((name, value) for name, value in facts if value not in (None, ""))
    return kind, TimelineEntry(
        time=time, kind=str(word), sentence=said, icon=icon, tone=tone, by=by, facts=known
    )


def usage(line: Line, now: datetime, most: int) -> Iterator[Step]:
    abroad = ~Q(country=line.carrier.country)
    days = (
        UsageRecord.objects.filter(line=line, started_at__gte=now - USAGE_WINDOW)
        .values("day", "source")
        .annotate(
            at=Max("received_at"),
            records=Count("key"),
            total=Sum("volume"),
            roaming=Sum(Case(When(abroad, then=F("volume")), default=0)),
        )
        .order_by("-at", "-day")[:most]
    )
    for row in days:
        words = {
            "volume": volume(row["total"]),
            "day": day(row["day"]),
            "source": str(Source(row["source"]).label).lower(),
            "records": number_format(row["records"]),
        }
        if row["roaming"]:
            words["roaming"] = volume(row["roaming"])
            said = _("%(volume)s used on %(day)s, %(roaming)s of it roaming") % words
        else:
            said = _("%(volume)s used on %(day)s") % words
        told = ngettext(
            "%(said)s (%(records)s record, %(source)s).",
            "%(said)s (%(records)s records, %(source)s).",
            row["records"],
        )
        yield _step(USAGE, row["at"], told % {**words, "said": said})


def decisions(line: Line, most: int) -> Iterator[Step]:
    rows = Decision.objects.filter(line=line).order_by("-decided_at", "-pk")[:most]
    for row in rows:
        yield _step(
            DECISION,
            row.decided_at,
            sentence(row.reason, row.facts),
            (_("Outcome"), _restrictions(row.restrictions)),
            (_("Billing cycle"), _cycle(row)),
            tone=STANDING[row.standing].tone,
        )


def alerts(line: Line, most: int) -> Iterator[Step]:
    rows = Alert.objects.filter(subject_type="line", subject_id=line.pk)
    for row in rows.order_by("-raised_at", "-pk")[:most]:
        yield _step(
            ALERT,
            row.raised_at,
            sentence(row.reason, row.facts),
            (_("Severity"), row.get_severity_display()),
            (_("State"), row.get_state_display()),
            (_("Resolved"), row.resolved_at and moment(row.resolved_at)),
            tone="bad" if row.severity == Severity.CRITICAL else "warn",
        )


def signals(line: Line, most: int) -> Iterator[Step]:
    rows = Signal.objects.filter(line_id=line.pk).select_related("device", "connector")
    for row in rows.order_by("-received_at", "-pk")[:most]:
        words = {"action": row.get_action_display(), "what": row.get_restriction_display().lower()}
        said = _("%(action)s %(what)s.") % words
        yield _step(
            SIGNAL,
            row.received_at,
            f"{said} {sentence(row.reason, row.facts)}",
            (_("Connector"), str(row.connector)),
            (_("Outcome"), row.get_outcome_display()),
            (_("Because"), sentence(row.outcome_reason, row.facts)),
            (_("Device"), row.device and str(row.device)),
            tone=OUTCOME_TONES[row.outcome],
        )


def exceptions(line: Line, most: int) -> Iterator[Step]:
    rows = LineException.objects.filter(line=line).select_related("created_by")
    for row in rows.order_by("-starts_at", "-pk")[:most]:
        said = f"{row.get_kind_display()}: {exception_in_words(row)} {row.reason}"
        time = row.created_at if row.kind == ExceptionKind.TRIP else row.starts_at
        yield _step(EXCEPTION, time, said, tone="info", by=str(row.created_by or ""))


def controls(seats: list[DeviceSim]) -> Iterator[Step]:
    devices = [seat.device_id for seat in seats if seat.unlinked_at is None]
    for row in DeviceControl.objects.filter(device_id__in=devices).select_related("device"):
        if not row.desired_generation:
            continue  # nobody ever wanted anything of it
        said = _("%(device)s shall have: %(state)s.")
        words = {"device": row.device, "state": _restrictions(row.desired)}
        yield _step(
            CONTROL,
            row.desired_since,
            said % words,
            (_("Seen last"), _restrictions(row.observed) if row.observed is not None else None),
            (_("Next try"), row.next_attempt_at and moment(row.next_attempt_at)),
            (_("Last error"), retold(row.last_error)),
            tone="good" if row.is_in_step else "warn",
        )


def commands(seats: list[DeviceSim], most: int) -> Iterator[Step]:
    held = _while_held(seats)
    if held is None:
        return
    rows = Command.objects.filter(held).select_related("device").order_by("-created_at", "-pk")
    for row in rows[:most]:
        tone = COMMAND_LOOKS[row.status].tone
        words = {"kind": row.kind, "device": row.device, "state": _restrictions(row.desired_after)}
        yield _step(
            COMMAND,
            row.created_at,
            _("%(kind)s to %(device)s, so that it has: %(state)s.") % words,
            (_("Status"), row.get_status_display()),
            (_("Handed over"), row.handed_over_at and exact_moment(row.handed_over_at)),
            (_("Delivered"), row.delivered_at and exact_moment(row.delivered_at)),
            (_("Number"), str(row.pk)),
            *_wire(row.payload, _("As sent")),
            tone=tone,
        )
        if row.answered_at:
            said = retold(row.error) or _("%(device)s answered the command %(kind)s.") % words
            yield _step(
                ANSWER, row.answered_at, said, *_wire(row.answer, _("As received")), tone=tone
            )


def acts(line: Line, seats: list[DeviceSim], most: int) -> Iterator[Step]:
    devices = {str(seat.device_id) for seat in seats if seat.unlinked_at is None}
    about = Q(object_type="line", object_id=str(line.pk))
    if devices:
        about |= Q(object_type="device", object_id__in=devices)
    for row in AuditEvent.objects.filter(about).order_by("-at", "-pk")[:most]:
        yield _step(ACT, row.at, act_in_words(row), *changes_in_words(row), by=row.actor)


# --- words --------------------------------------------------------------------------------------


def _restrictions(values: Iterable[str]) -> str:
    known = dict(Restriction.choices)
    blocked = ", ".join(str(known.get(value, value)).lower() for value in sorted(values))
    return _("%(restrictions)s blocked") % {"restrictions": blocked} if blocked else _("no block")


def _cycle(decision: Decision) -> str:
    words = {"start": moment(decision.cycle_start), "end": moment(decision.cycle_end)}
    return _("from %(start)s up to %(end)s") % words


def _wire(payload: Any, label: str) -> tuple[Fact, ...]:
    """Format, size and text of what went over the wire."""
    if not payload:
        return ()
    wire = wire_text(bytes(payload))
    size = _("%(n)s bytes") % {"n": number_format(wire.size)}
    return (
        (_("Format"), f"{wire.format}, {size}"),
        (label, _pre(wire.text)),
    )


def _pre(text: str) -> SafeString:
    return format_html('<pre tabindex="0">{}</pre>', text)


# --- the devices the line was in -----------------------------------------------------------------


def seats_of(line: Line) -> list[DeviceSim]:
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
