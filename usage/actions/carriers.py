"""Carriers are added, edited and retired. Numbers once counted by their days keep those days."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from usage.models import Carrier, UsageCounter
from usage.queries import lines_of
from usage.workers.due import make_due


@dataclass(frozen=True)
class CarrierTerms:
    """What a person may say about a carrier; the country in two letters, the zone a tz name."""

    name: str
    country: str
    time_zone: str
    drives_limits: str
    network_codes: str = ""


class CarrierRefused(Refused):
    """The carrier cannot be added, changed or retired like this."""


TAKEN = {"carrier_name_once": ("name", _("Another carrier already has this name."))}


@transaction.atomic
def add(*, terms: CarrierTerms, by: Actor | None) -> Carrier:
    """A new carrier. Raises CarrierRefused when the name is taken."""
    carrier = Carrier(**asdict(terms))
    with refusing(CarrierRefused, TAKEN):
        carrier.save()
    record(by=by, action="carrier.added", subject=carrier, after=asdict(terms))
    return carrier


@transaction.atomic
def edit(*, carrier: Carrier, terms: CarrierTerms, by: Actor) -> Carrier:
    """Other terms. Raises CarrierRefused for a taken name, or another zone once usage exists."""
    carrier = Carrier.objects.select_for_update(no_key=True).get(pk=carrier.pk)
    new = asdict(terms)
    before, after = changes(before={name: getattr(carrier, name) for name in new}, after=new)
    if not after:
        return carrier
    if "time_zone" in after and UsageCounter.objects.filter(line__carrier=carrier).exists():
        raise CarrierRefused(
            _(
                "Usage has already been counted by the days of %(zone)s, so the time zone stays. "
                "Add another carrier for lines in another zone."
            )
            % {"zone": carrier.time_zone},
            field="time_zone",
        )
    if {"country", "time_zone", "drives_limits"} & after.keys():
        make_due(queryset=lines_of.of_carrier(carrier))  # before the name, see make_due()
    for name, value in new.items():
        setattr(carrier, name, value)
    with refusing(CarrierRefused, TAKEN):
        carrier.save(update_fields=list(new))
    record(by=by, action="carrier.edited", subject=carrier, before=before, after=after)
    return carrier


@transaction.atomic
def retire(*, carrier: Carrier, now: datetime, by: Actor) -> None:
    """Nothing new is put on it. Raises CarrierRefused while it has active lines."""
    carrier = Carrier.objects.select_for_update().get(pk=carrier.pk)
    if lines_of.of_carrier(carrier).exists():
        raise CarrierRefused(_("Retire the carrier's active lines first."))
    if not Carrier.objects.filter(pk=carrier.pk, retired_at=None).update(retired_at=now):
        raise CarrierRefused(_("This carrier was already retired."))
    record(by=by, action="carrier.retired", subject=carrier)
