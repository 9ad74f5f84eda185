"""Zones of a plan are added, edited and removed. The lines on the plan feel it at once.

The plan's row is locked first, so that two people cannot put one country into two zones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from usage.models import Plan, Threshold, Zone, ZoneCountry
from usage.queries import lines_of
from usage.workers.due import make_due


@dataclass(frozen=True, order=True)
class CountryTerms:
    """A country and its days, both included; None is open."""

    country: str
    valid_from: date | None = None
    valid_to: date | None = None

    def overlaps(self, other: CountryTerms) -> bool:
        starts = [day for day in (self.valid_from, other.valid_from) if day]
        ends = [day for day in (self.valid_to, other.valid_to) if day]
        same = self.country == other.country
        return same and (not starts or not ends or max(starts) <= min(ends))

    def __str__(self) -> str:
        days = [str(day) if day else "" for day in (self.valid_from, self.valid_to)]
        return " ".join(filter(None, [self.country, *(days if any(days) else [])]))


@dataclass(frozen=True)
class ZoneTerms:
    """What a person may say about a zone. Cap in bytes, None without limit; price per MB."""

    name: str
    cap: int | None = None
    price: Decimal | None = None
    is_extended_domestic: bool = False
    is_rest_of_world: bool = False
    countries: tuple[CountryTerms, ...] = ()

    def values(self) -> dict[str, Any]:
        """Field names and values of the model."""
        names = set(self.__dataclass_fields__) - {"countries"}
        return {name: getattr(self, name) for name in sorted(names)}


class ZoneRefused(Refused):
    """The zone cannot be added or changed like this."""


TAKEN = {
    "zone_name_once": ("name", _("Another zone of the plan already has this name.")),
    "zone_one_rest_of_world": (
        "kind",
        _("Another zone of the plan already is the rest of the world."),
    ),
    "zone_country_once_at_a_time": (
        "countries",
        _("A country can be in one zone of the plan at a time."),
    ),
}


@transaction.atomic
def add(*, plan: Plan, terms: ZoneTerms, by: Actor) -> Zone:
    """A new zone. Raises ZoneRefused for a taken name, the home country, a country twice."""
    plan = _locked(plan)
    make_due(queryset=lines_of.of_plan(plan))
    zone = Zone(plan=plan)
    _write(zone, terms, plan)
    after = {**changes(before={}, after=terms.values())[1], "countries": _told(terms)}
    record(by=by, action="zone.added", subject=zone, after={**after, "plan": str(plan)})
    return zone


@transaction.atomic
def edit(*, zone: Zone, terms: ZoneTerms, by: Actor) -> Zone:
    """Other terms. Thresholds that name the zone follow its name. Raises ZoneRefused."""
    plan = _locked(zone.plan)
    zone = Zone.objects.get(pk=zone.pk)
    former = terms_of(zone)
    before, after = changes(
        before={**former.values(), "countries": _told(former)},
        after={**terms.values(), "countries": _told(terms)},
    )
    if not after:
        return zone
    make_due(queryset=lines_of.of_plan(plan))
    _write(zone, terms, plan)
    if former.name != terms.name and not Zone.objects.filter(name=former.name).exists():
        Threshold.objects.filter(zone=former.name).update(zone=terms.name)
    record(by=by, action="zone.edited", subject=zone, before=before, after=after)
    return zone


@transaction.atomic
def remove(*, zone: Zone, by: Actor) -> None:
    """Its countries fall to the rest of the world. Thresholds of the zone limit nothing then."""
    plan = _locked(zone.plan)
    make_due(queryset=lines_of.of_plan(plan))
    before = {"countries": _told(terms_of(zone)), "plan": str(plan)}
    record(by=by, action="zone.removed", subject=zone, before=before)
    Zone.objects.filter(pk=zone.pk).delete()


def terms_of(zone: Zone) -> ZoneTerms:
    """The zone as it is."""
    rows = zone.countries.values_list("country", "valid_from", "valid_to")
    names = set(ZoneTerms.__dataclass_fields__) - {"countries"}
    return ZoneTerms(
        **{name: getattr(zone, name) for name in names},
        countries=tuple(sorted((CountryTerms(*row) for row in rows), key=_order)),
    )


def _order(terms: CountryTerms) -> tuple[str, date]:
    return terms.country, terms.valid_from or date.min


def _told(terms: ZoneTerms) -> str:
    return ", ".join(str(country) for country in sorted(terms.countries, key=_order))


def _locked(plan: Plan) -> Plan:
    locked = Plan.objects.select_for_update(of=("self",), no_key=True)
    plan = locked.select_related("carrier").get(pk=plan.pk)
    if plan.retired_at is not None:
        raise ZoneRefused(_("This plan is retired."))
    return plan


def _write(zone: Zone, terms: ZoneTerms, plan: Plan) -> None:
    _check(zone, terms, plan)
    for name, value in terms.values().items():
        setattr(zone, name, value)
    with refusing(ZoneRefused, TAKEN):
        zone.save()
        kept = set()
        for row in ZoneCountry.objects.filter(zone=zone):
            said = CountryTerms(row.country, row.valid_from, row.valid_to)
            if said in terms.countries:
                kept.add(said)
            else:
                row.delete()
        ZoneCountry.objects.bulk_create(
            ZoneCountry(
                tenant_id=plan.tenant_id,
                zone=zone,
                plan=plan,
                country=said.country,
                valid_from=said.valid_from,
                valid_to=said.valid_to,
            )
            for said in terms.countries
            if said not in kept
        )


def _check(zone: Zone, terms: ZoneTerms, plan: Plan) -> None:
    others = ZoneCountry.objects.filter(plan=plan).exclude(zone_id=zone.pk).select_related("zone")
    taken = [
        (CountryTerms(row.country, row.valid_from, row.valid_to), row.zone.name)
        for row in others.order_by("pk")
    ]
    for place, said in enumerate(terms.countries):
        if said.country == plan.carrier.country:
            raise ZoneRefused(
                _("%(country)s is the home country of the carrier: use there is domestic.")
                % {"country": said.country},
                field="countries",
            )
        if any(said.overlaps(other) for other in terms.countries[:place]):
            raise ZoneRefused(
                _("%(country)s is there twice for the same days.") % {"country": said.country},
                field="countries",
            )
        owner = next((name for other, name in taken if said.overlaps(other)), None)
        if owner is not None:
            raise ZoneRefused(
                _("%(country)s is in the zone %(zone)s in that time.")
                % {"country": said.country, "zone": owner},
                field="countries",
            )
