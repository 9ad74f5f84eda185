"""What a sync of the inventory teaches lines: the number of a SIM, and who holds the line.

Only what nobody knew is learned; what a person or a file said stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from django.db import transaction

from audit.actions import Act, record_many
from common.tenancy import current_tenant_id
from tenants.models import Person
from usage.actions.line_links import SimRefused, current, give_sim
from usage.models import Line, LinePerson, LineSim, LineState


@transaction.atomic
def learn_iccids(*, iccids: Mapping[int, str], now: datetime) -> None:
    """SIMs of these lines without a number have these ones. What is another line's is left out."""
    active = Line.objects.filter(pk__in=list(iccids), state=LineState.ACTIVE)
    acts = []
    for line in active.order_by("pk").select_for_update(no_key=True):
        sim = current(LineSim, "sim", line=line)
        if sim is None or sim.iccid:
            continue
        with suppress(SimRefused):
            give_sim(line=line, iccid=iccids[line.pk], imsi=sim.imsi, now=now)
            acts.append(Act(action="line.edited", subject=line, after={"sim": iccids[line.pk]}))
    record_many(by=None, acts=acts)


@transaction.atomic
def give_holders(*, people: Mapping[int, int], now: datetime) -> int:
    """Who uses the device of a line holds the line, where nobody does; returns how many lines."""
    active = Line.objects.filter(pk__in=list(people), state=LineState.ACTIVE)
    lines = list(active.order_by("pk").select_for_update(no_key=True))
    held = LinePerson.objects.open().filter(line__in=lines)
    taken = set(held.values_list("line_id", flat=True))
    free = [line for line in lines if line.pk not in taken]
    LinePerson.objects.bulk_create(
        [
            LinePerson(
                tenant_id=current_tenant_id(),
                line=line,
                person_id=people[line.pk],
                linked_at=now,
            )
            for line in free
        ]
    )
    names = dict(Person.objects.filter(pk__in=people.values()).values_list("pk", "name"))
    record_many(
        by=None,
        acts=[
            Act(action="line.edited", subject=line, after={"person": names[people[line.pk]]})
            for line in free
        ],
    )
    return len(free)
