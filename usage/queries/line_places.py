"""Where single lines are, for signals that name them from outside."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from common.tenancy import current_tenant_id
from connectors.ports import LineMatches, LinePlace, LineSeat
from devices.models import DeviceSim
from tenants.models import Tenant
from usage.cycles import cycle_at
from usage.models import Line, LinePerson, LinePlan, LineSim, LineState
from usage.queries.due_lines import NO_PLAN, plan_facts
from usage.queries.line_keys import BadKey, normal_key


def find_line(*, kind: str, value: str, now: datetime) -> LinePlace | None:
    """The active line with that `msisdn` or `iccid`, in five queries at most. Raises BadKey.

    A national number is read with the tenant's home country.
    """
    country = Tenant.objects.values_list("home_country", flat=True).get(pk=current_tenant_id())
    key = normal_key(value, kind=kind, country=country)
    active = Line.objects.filter(state=LineState.ACTIVE)
    if kind == "msisdn":
        line = active.filter(msisdn=key).select_related("carrier").first()
    else:
        links = LineSim.objects.open().filter(sim__iccid=key).values("line_id")
        line = active.filter(pk__in=links).select_related("carrier").first()
    return _place(line, now) if line else None


def line_of_device(*, device_id: int, now: datetime) -> LinePlace | None:
    """The active line whose SIM carries the device's data."""
    sims = DeviceSim.objects.open().filter(device_id=device_id, data_preferred=True)
    links = LineSim.objects.open().filter(sim_id__in=sims.values("sim_id")).values("line_id")
    lines = Line.objects.filter(state=LineState.ACTIVE, pk__in=links).select_related("carrier")
    line = lines.first()
    return _place(line, now) if line else None


def _place(line: Line, now: datetime) -> LinePlace:
    link = LinePlan.objects.open().filter(line=line).select_related("plan").first()
    rule = (plan_facts(link.plan) if link else NO_PLAN).cycle
    sims = LineSim.objects.open().filter(line=line).values("sim_id")
    inside = DeviceSim.objects.open().filter(sim_id__in=sims)
    phone = inside.values_list("device_id", "data_preferred").first()
    device_id, carries_data = phone or (None, False)
    return LinePlace(
        line_id=line.pk,
        device_id=device_id,
        carries_data=carries_data,
        cycle_ends_at=cycle_at(rule, now, line.carrier.zone).ends_at(line.carrier.zone),
    )


def lines_by_numbers(
    *, phones: Collection[str], iccids: Collection[str], imeis: Collection[str]
) -> LineMatches:
    """Active lines by phone number, by the ICCID of their SIM, by the IMEI of its device."""
    country = Tenant.objects.values_list("home_country", flat=True).get(pk=current_tenant_id())
    active = Line.objects.filter(state=LineState.ACTIVE)
    said = {_normal(text, "msisdn", country): text for text in phones}
    by_phone = active.filter(msisdn__in=[key for key in said if key])
    cards = {_normal(text, "iccid", country): text for text in iccids}
    open_links = LineSim.objects.open().filter(line__state=LineState.ACTIVE)
    by_iccid = open_links.filter(sim__iccid__in=[key for key in cards if key])
    inside = DeviceSim.objects.open().filter(device__imei__in=[imei for imei in imeis if imei])
    sims = dict(inside.filter(data_preferred=True).values_list("sim_id", "device__imei"))
    by_imei = open_links.filter(sim_id__in=sims)
    return LineMatches(
        by_phone={said[key]: pk for key, pk in by_phone.values_list("msisdn", "pk")},
        by_iccid={cards[key]: pk for key, pk in by_iccid.values_list("sim__iccid", "line_id")},
        by_imei={sims[sim]: pk for sim, pk in by_imei.values_list("sim_id", "line_id")},
    )


def seats_of(*, line_ids: Collection[int]) -> dict[int, LineSeat]:
    """The SIM of each active line, and the device it is in; three queries for any number."""
    ids = list(line_ids)
    if not ids:
        return {}
    links = LineSim.objects.open().filter(line_id__in=ids, line__state=LineState.ACTIVE)
    sims = {line: (sim, iccid) for line, sim, iccid in
            links.values_list("line_id", "sim_id", "sim__iccid")}  # fmt: skip
    inside = DeviceSim.objects.open().filter(sim_id__in=[sim for sim, _iccid in sims.values()])
    devices = dict(inside.values_list("sim_id", "device_id"))
    held = LinePerson.objects.open().filter(line_id__in=list(sims))
    holders = set(held.values_list("line_id", flat=True))
    return {
        line: LineSeat(
            line_id=line,
            sim_id=sim,
            iccid=iccid,
            device_id=devices.get(sim),
            has_holder=line in holders,
        )
        for line, (sim, iccid) in sims.items()
    }


def _normal(text: str, kind: str, country: str) -> str:
    try:
        return normal_key(text, kind=kind, country=country)
    except BadKey:
        return ""
