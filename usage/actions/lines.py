"""Lines come and go, and their own facts are edited.

Every act is one transaction: rows, audit event, and the word that the line is due. What a line
is tied to (SIM, person, plan, policy) is in usage.actions.line_links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from common.tenancy import current_tenant_id
from devices.actions.devices import put_sim_in, take_sim_out
from devices.models import Device, DeviceSim, Sim
from tenants.models import Person
from usage.actions.line_links import close, give_sim, relink
from usage.models import (
    Carrier,
    Line,
    LinePerson,
    LinePlan,
    LinePolicy,
    LineSim,
    LineState,
    LineWatch,
    Plan,
    Policy,
)
from usage.workers.due import make_due

BATCH = 5_000
MANY = 1_000
ANALYZE = "ANALYZE usage_line, usage_linewatch, usage_linesim, usage_lineplan, devices_sim"
"""Run after adding MANY lines, lest the planner think of them as a handful until autovacuum."""


@dataclass(frozen=True)
class NewLine:
    """What is known of a line before it exists; unknown is empty. Numbers are normalised."""

    msisdn: str = ""
    reference: str = ""
    iccid: str = ""
    imsi: str = ""


@dataclass(frozen=True)
class LineTerms:
    """What a person may say about a line, whole: what is left out is emptied."""

    key: NewLine
    plan: Plan | None = None
    policy: Policy | None = None
    person: Person | None = None
    device: Device | None = None
    cost_centre: str = ""
    note: str = ""


class LineRefused(Refused):
    """The line cannot be added or changed like this."""


TAKEN = {
    "line_number_once": ("msisdn", _("Another active line already has this number.")),
    "line_reference_once": (
        "reference",
        _("Another active line of this carrier already has this reference."),
    ),
    "line_known_by_something": (
        "msisdn",
        _("Give a phone number, a carrier's reference, or both."),
    ),
    "line_sim_one_per_sim": ("iccid", _("Another line already uses this SIM.")),
    "sim_iccid_once": ("iccid", _("Another SIM already has this ICCID.")),
    "sim_imsi_once": ("imsi", _("Another SIM already has this IMSI.")),
}


@transaction.atomic
def add_lines(
    *,
    carrier: Carrier,
    keys: Sequence[NewLine],
    plan: Plan | None,
    now: datetime,
    by: Actor | None = None,
) -> list[Line]:
    """A line for each key, in their order, due at once. Raises LineRefused, and then adds none.

    Known SIMs are found by ICCID or IMSI; the others are made, as placeholders where neither is
    known. Seven statements for up to BATCH keys, and one audit event for all. The caller nudges
    the evaluator (usage.workers.due) if the next sweep is too late.
    """
    if not keys:
        return []
    tenant_id = current_tenant_id()
    with refusing(LineRefused, TAKEN):
        lines = Line.objects.bulk_create(
            [
                Line(
                    tenant_id=tenant_id,
                    carrier=carrier,
                    msisdn=key.msisdn,
                    reference=key.reference,
                    label=key.msisdn or key.reference,
                )
                for key in keys
            ],
            batch_size=BATCH,
        )
        _link_new(lines, sims=_sims_for(keys, tenant_id), plan=plan, tenant_id=tenant_id, now=now)
    if len(lines) >= MANY:
        with connection.cursor() as cursor:
            cursor.execute(ANALYZE)
    one = len(lines) == 1
    record(
        by=by,
        action="line.added" if one else "line.many_added",
        subject=lines[0] if one else carrier,
        after={
            "lines": len(lines),
            "carrier": str(carrier),
            "plan": str(plan) if plan else None,
        },
    )
    return lines


def _sims_for(keys: Sequence[NewLine], tenant_id: int) -> list[Sim]:
    """A SIM for each key: the one that has its ICCID or IMSI, else a new one."""
    iccids = [key.iccid for key in keys if key.iccid]
    imsis = [key.imsi for key in keys if key.imsi]
    known = Sim.objects.filter(Q(iccid__in=iccids) | Q(imsi__in=imsis)) if iccids or imsis else []
    by_iccid = {sim.iccid: sim for sim in known if sim.iccid}
    by_imsi = {sim.imsi: sim for sim in known if sim.imsi}
    sims = [
        by_iccid.get(key.iccid)
        or by_imsi.get(key.imsi)
        or Sim(tenant_id=tenant_id, iccid=key.iccid, imsi=key.imsi)
        for key in keys
    ]
    Sim.objects.bulk_create([sim for sim in sims if sim.pk is None], batch_size=BATCH)
    return sims


def _link_new(
    lines: Sequence[Line],
    *,
    sims: Sequence[Sim],
    plan: Plan | None,
    tenant_id: int,
    now: datetime,
) -> None:
    LineSim.objects.bulk_create(
        [
            LineSim(tenant_id=tenant_id, line=line, sim=sim, linked_at=now)
            for line, sim in zip(lines, sims, strict=True)
        ],
        batch_size=BATCH,
    )
    if plan is not None:
        LinePlan.objects.bulk_create(
            [LinePlan(tenant_id=tenant_id, line=line, plan=plan, linked_at=now) for line in lines],
            batch_size=BATCH,
        )
    LineWatch.objects.bulk_create(
        [LineWatch(tenant_id=tenant_id, line=line, evaluate_at=now) for line in lines],
        batch_size=BATCH,
    )


@transaction.atomic
def add(*, carrier: Carrier, terms: LineTerms, now: datetime, by: Actor | None) -> Line:
    """One line with everything it is tied to. Raises LineRefused, as `edit` does."""
    [line] = add_lines(carrier=carrier, keys=[terms.key], plan=terms.plan, now=now, by=by)
    line = edit(line=line, terms=terms, now=now, by=by)
    make_due(line_ids=[line.pk])
    return line


@transaction.atomic
def edit(*, line: Line, terms: LineTerms, now: datetime, by: Actor | None) -> Line:
    """The line as `terms` say, links changing at `now`; due at once.

    The line's row is locked first, so two edits happen one after the other. Raises LineRefused,
    SimRefused or DeviceRefused, all kinds of Refused.
    """
    line = Line.objects.select_for_update(no_key=True).get(pk=line.pk)
    if line.state != LineState.ACTIVE:
        raise LineRefused(_("This line is retired."))
    own = {
        "msisdn": terms.key.msisdn,
        "reference": terms.key.reference,
        "cost_centre": terms.cost_centre,
        "note": terms.note,
    }
    old = {name: getattr(line, name) for name in own}
    new = dict(own)
    for name, value in own.items():
        setattr(line, name, value)
    with refusing(LineRefused, TAKEN):
        line.save(update_fields=list(own))
        for name, link, to in (
            ("plan", LinePlan, terms.plan),
            ("policy", LinePolicy, terms.policy),
            ("person", LinePerson, terms.person),
        ):
            old[name], new[name] = relink(link, name, line=line, to=to, now=now)
        old["sim"], new["sim"] = give_sim(
            line=line, iccid=terms.key.iccid, imsi=terms.key.imsi, now=now
        )
        old["device"], new["device"] = _put_in(
            new["sim"], terms.device, former_sim=old["sim"], now=now, by=by
        )
    before, after = changes(before=old, after=new)
    if after:
        line.refresh_from_db()
        record(by=by, action="line.edited", subject=line, before=before, after=after)
        make_due(line_ids=[line.pk])
    return line


def _put_in(
    sim: Sim, device: Device | None, *, former_sim: Sim | None, now: datetime, by: Actor | None
) -> tuple[Device | None, Device | None]:
    """Put the line's SIM in the device, or in none; returns the line's (former, present) device.

    After a swap in one device, the new SIM takes the slot of the old one.
    """
    links = DeviceSim.objects.open().select_related("device")
    seat = links.filter(sim=former_sim).first() if former_sim else None
    former = seat.device if seat else None
    if device is None:
        take_sim_out(sim=sim, now=now, by=by)
    elif not links.filter(sim=sim, device=device).exists():
        slot = seat.slot if seat and seat.device_id == device.pk else 1
        put_sim_in(device=device, sim=sim, slot=slot, now=now, by=by)
    return former, device


@transaction.atomic
def retire(*, line: Line, now: datetime, by: Actor, reason: str = "") -> None:
    """Out of service: its number and SIM are free for another line, its history stays.

    Plan, policy and person end with it. Restrictions that its usage earned are lifted by the
    evaluation that follows. Raises LineRefused when it was retired already.
    """
    line = Line.objects.select_for_update(no_key=True).get(pk=line.pk)
    active = Line.objects.filter(pk=line.pk, state=LineState.ACTIVE)
    if not active.update(state=LineState.RETIRED, retired_at=now):
        raise LineRefused(_("This line was already retired."))
    for link in (LinePlan, LinePolicy, LinePerson, LineSim):
        close(link, now=now, line=line)
    record(by=by, action="line.retired", subject=line, reason=reason)
    make_due(line_ids=[line.pk])
