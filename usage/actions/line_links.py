"""What a line is tied to: plan, policy, person and SIM, each by a link with dates.

A link is never overwritten. The open one is closed and a new one opened at the moment the caller
gives, so every past day can still be explained. Callers hold the lock of the line's row, which
keeps two changes of one line apart, and write the audit event.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from common.dated import DatedLink
from common.refusals import Refused
from devices.models import Sim
from usage.models import Line, LineSim


class SimRefused(Refused):
    """The SIM cannot be given to this line."""


def close(link: type[DatedLink], *, now: datetime, **of: Any) -> None:
    """Close the open links of `of`; a clock that was set back does not turn the dates round."""
    link.objects.open().filter(**of).update(unlinked_at=Greatest(F("linked_at"), now))


def current(link: type[DatedLink], field: str, *, line: Line) -> Any:
    """What the line's open link of that kind leads to, or None."""
    found = link.objects.open().filter(line=line).select_related(field).first()
    return getattr(found, field) if found else None


def relink(
    link: type[DatedLink], field: str, *, line: Line, to: models.Model | None, now: datetime
) -> tuple[Any, Any]:
    """Tie the line to `to` (None: to nothing) from `now` on; returns (former, present)."""
    former = current(link, field, line=line)
    if former == to:
        return former, to
    close(link, now=now, line=line)
    if to is not None:
        link(line=line, linked_at=now, **{field: to}).save()
    return former, to


def give_sim(*, line: Line, iccid: str, imsi: str, now: datetime) -> tuple[Sim, Sim]:
    """Let the line run on the SIM with these numbers; returns (former, present).

    1. A placeholder whose numbers become known stays the same SIM and learns them.
    2. So does a SIM of which one number was missing.
    3. Any other difference is a swap: another SIM from now on, known or new.
    Raises SimRefused when the SIM found carries another line.
    """
    present = current(LineSim, "sim", line=line)
    if present is not None and (present.iccid, present.imsi) == (iccid, imsi):
        return present, present
    found = _find(iccid, imsi)
    if found is None and present is not None and _only_adds(present, iccid, imsi):
        former = copy(present)
        present.iccid, present.imsi = iccid, imsi
        present.save(update_fields=["iccid", "imsi"])
        return former, present
    taken = LineSim.objects.open().filter(sim=found).exclude(line=line)
    if found is not None and found != present and taken.exists():
        raise SimRefused(_("Another line already uses this SIM."), field="iccid")
    sim = found or Sim(iccid=iccid, imsi=imsi)
    if sim.pk is None or (iccid, imsi) != (sim.iccid, sim.imsi):
        sim.iccid, sim.imsi = iccid or sim.iccid, imsi or sim.imsi
        sim.save()
    former, _present = relink(LineSim, "sim", line=line, to=sim, now=now)
    return former, sim


def _only_adds(sim: Sim, iccid: str, imsi: str) -> bool:
    """Whether the numbers contradict nothing that is known of the SIM."""
    return sim.iccid in {"", iccid} and sim.imsi in {"", imsi}


def _find(iccid: str, imsi: str) -> Sim | None:
    if iccid:
        found = Sim.objects.filter(iccid=iccid).first()
        if found is not None:
            return found
    return Sim.objects.filter(imsi=imsi).first() if imsi else None
