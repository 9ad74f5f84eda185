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

from audit.actions import Actor, record
from common.refusals import Refused, refusing
from common.tenancy import current_tenant_id
from devices.models import Sim
from usage.models import Carrier, Line, LinePlan, LineSim, LineWatch, Plan

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
    the evaluator (usage.actions.due) if the next sweep is too late.
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
        after={"lines": len(lines), "carrier": str(carrier), "plan": str(plan) if plan else None},
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
