"""Whose numbers may enrol in the tenant in scope, and which carrier a new one belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from django.db.models import Count, Q
from phonenumbers import carrier as networks

from usage.models import Carrier, Line, LineState


@dataclass(frozen=True)
class Detected:
    """The carrier of a number: one that is there, or the `name` of one to add.

    `how` it was told: `only_one` of the country, by `name`, `most_lines`, or `unknown`.
    """

    country: str
    carrier: Carrier | None
    name: str
    how: str


def country_of(number: str) -> str:
    """Two letters, or empty where the numbering plan is of no single country."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return region if region and len(region) == 2 else ""


def line_of(number: str) -> Line | None:
    """The tenant's active line with that number."""
    found = Line.objects.filter(msisdn=number, state=LineState.ACTIVE)
    return found.select_related("carrier").first()


def countries(*, home: str) -> list[str]:
    """Where the tenant has carriers, its own country first."""
    there = Carrier.objects.filter(retired_at=None).values_list("country", flat=True).distinct()
    return [home, *sorted(set(there) - {home})]


def may_be_added(number: str, *, home: str) -> bool:
    """Whether a number that is no line yet is one that the tenant could have."""
    parsed = phonenumbers.parse(number)
    kind = phonenumbers.number_type(parsed)
    mobile = kind in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
    return mobile and country_of(number) in countries(home=home)


def detect_carrier(number: str) -> Detected:
    """The carrier of a new line.

    Without the SIM, the number itself is all there is: its country, and the network that its
    block was given to (phonenumbers' tables), which it may have left since.
    """
    country = country_of(number)
    name = networks.name_for_number(phonenumbers.parse(number), "en")
    active = Count("lines", filter=Q(lines__state=LineState.ACTIVE))
    here = list(
        Carrier.objects.filter(country=country, retired_at=None)
        .annotate(active=active)
        .order_by("-active", "pk")
    )
    alike = [carrier for carrier in here if name and _alike(carrier.name, name)]
    if len(alike) == 1:
        return Detected(country, alike[0], name, "name")
    if len(here) == 1:
        return Detected(country, here[0], name, "only_one")
    if here:
        return Detected(country, here[0], name, "most_lines")
    return Detected(country, None, name, "unknown")


def _alike(one: str, other: str) -> bool:
    one, other = one.casefold(), other.casefold()
    return one in other or other in one
