"""What a list shows beside each line: for one page, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from devices.models import Device, DeviceControl, DeviceSim
from devices.statuses import control_state
from tenants.models import Person
from usage.models import Line, LinePerson, LinePlan, LineState, LineWatch, Plan
from usage.queries.standing import CycleUsage, cycle_usage

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LineFigures:
    """One line's surroundings at `now`; None where there is none, or where it is not known.

    `standing` is within, near, over, or unknown before the first decision.
    """

    plan: Plan | None
    person: Person | None
    device: Device | None
    control: DeviceControl | None
    standing: str
    usage: CycleUsage | None

    @property
    def control_state(self) -> str:
        """What the device shall be and is, as one of devices.statuses.CONTROL_STATES."""
        return control_state(self.control)


def figures_of(*, lines: Sequence[Line], now: datetime) -> dict[int, LineFigures]:
    """The figures of each line by its id. As many queries for one line as for fifty."""
    ids = [line.pk for line in lines]
    plans = {
        link.line_id: link.plan
        for link in LinePlan.objects.open().filter(line_id__in=ids).select_related("plan")
    }
    persons = {
        link.line_id: link.person
        for link in LinePerson.objects.open().filter(line_id__in=ids).select_related("person")
    }
    seats = {seat.line_id: seat.device for seat in seats_of_lines(ids)}
    standings = dict(
        LineWatch.objects.filter(line_id__in=ids, decision__isnull=False).values_list(
            "line_id", "decision__standing"
        )
    )
    active = [line.pk for line in lines if line.state == LineState.ACTIVE]
    usages = cycle_usage(line_ids=active, now=now)
    return {
        pk: LineFigures(
            plan=plans.get(pk),
            person=persons.get(pk),
            device=seats.get(pk),
            control=getattr(seats.get(pk), "control", None),
            standing=standings.get(pk, UNKNOWN),
            usage=usages.get(pk),
        )
        for pk in ids
    }


def seats_of_lines(line_ids: Sequence[int]) -> list[DeviceSim]:
    """The devices that the lines' SIMs are in now, with control; `.line_id` is hung on each."""
    return list(
        DeviceSim.objects.open()
        .filter(sim__line_links__line_id__in=line_ids, sim__line_links__unlinked_at=None)
        .annotate(line_id=F("sim__line_links__line_id"))
        .select_related("device__control")
    )
