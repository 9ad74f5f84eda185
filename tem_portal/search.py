"""The search on top of every page: one box for whatever a person has at hand.

A number in any spelling, a carrier's reference, an ICCID, an IMEI, a serial number, a name, an
e-mail address. Each kind of thing is looked for only for those who may see it, by beginnings that
an index answers. Who gives the whole of a number, and means one thing by it, is led straight there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from devices.models import Device, DeviceSim
from tenants.models import Person
from usage.models import Line
from usage.queries.search import digits_of, matching, spellings, tidy

HITS = "search-hits"
MOST = 20
"""Hits of a kind that the page shows; the suggestions show SUGGESTED."""
SUGGESTED = 5


@dataclass(frozen=True)
class Hit:
    """Something found: `is_exact` where the text is the whole of what identifies it."""

    label: str
    detail: str
    url: str
    is_exact: bool = False


@dataclass(frozen=True)
class Group:
    """The hits of one kind; `all_url` is a list that shows the rest, if there are more."""

    label: str
    icon: str
    hits: list[Hit] = field(default_factory=list)
    all_url: str = ""


@require(Permission.VIEW_HOME)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The page of results, or what the box on top suggests while somebody types."""
    text = tidy(request.GET.get("q", ""))
    suggesting = request.htmx.target == HITS
    groups = _groups(request, text, most=SUGGESTED if suggesting else MOST) if text else []
    exact = [hit for group in groups for hit in group.hits if hit.is_exact]
    if len(exact) == 1 and not request.htmx:
        return redirect(exact[0].url)
    context = {
        "text": text,
        "groups": groups,
        "page_url": f"{request.path}?{urlencode({'q': text})}",
    }
    return render_page(request, "search.html", context, parts=(HITS,))


def _groups(request: HttpRequest, text: str, *, most: int) -> list[Group]:
    """What the person may see of what fits, kind by kind; kinds without hits are left out."""
    may = request.membership.may
    groups = []
    if may(Permission.VIEW_LINES):
        groups.append(_lines(request, text, most))
    if may(Permission.VIEW_DEVICES):
        groups.append(_devices(request, text, most))
    if may(Permission.VIEW_LINES):
        groups.append(_people(request, text, most))
    return [group for group in groups if group.hits]


def _lines(request: HttpRequest, text: str, most: int) -> Group:
    country, digits = request.tenant.home_country, digits_of(text)
    labels = spellings(text, country)
    base = tenant_url(request, "usage:lines")
    found = Line.objects.filter(pk__in=matching(text=text, country=country))
    rows = list(found.select_related("carrier").order_by("state", "label", "pk")[: most + 1])
    is_card = len(digits) >= 18 and len(rows) == 1
    hits = [
        Hit(
            label=line.label,
            detail=", ".join(
                (str(line.carrier), *([line.get_state_display()] if line.retired_at else []))
            ),
            url=f"{base}{line.pk}/",
            is_exact=is_card or (line.retired_at is None and line.label in labels),
        )
        for line in rows[:most]
    ]
    return Group(_("Lines"), "phone", hits, _rest(base, text, more=len(rows) > most, state="all"))


def _devices(request: HttpRequest, text: str, most: int) -> Group:
    base, digits = tenant_url(request, "devices:devices"), digits_of(text)
    ways: list[Any] = [
        Device.objects.filter(name__istartswith=text),
        Device.objects.filter(serial__istartswith=text).exclude(serial=""),
    ]
    if digits and len(digits) >= 6:
        ways.append(Device.objects.filter(imei__startswith=digits).exclude(imei=""))
    ids: list[Any] = [way.order_by().values("pk")[: most + 1] for way in ways]
    if digits and len(digits) >= 18:
        seats = DeviceSim.objects.open().filter(sim__iccid=digits)
        ids.append(seats.values("device_id")[: most + 1])
    first, *others = ids
    found = Device.objects.filter(pk__in=first.union(*others, all=True))
    rows = list(found.order_by("state", "name", "pk")[: most + 1])
    hits = [
        Hit(
            label=device.name,
            detail=", ".join(filter(None, (device.model, device.imei, device.serial))),
            url=f"{base}{device.pk}/",
            is_exact=device.retired_at is None and _names(device, text, digits),
        )
        for device in rows[:most]
    ]
    return Group(
        _("Devices"), "smartphone", hits, _rest(base, text, more=len(rows) > most, state="all")
    )


def _names(device: Device, text: str, digits: str) -> bool:
    serial = device.serial.casefold()
    return bool((digits and device.imei == digits) or (serial and serial == text.casefold()))


def _people(request: HttpRequest, text: str, most: int) -> Group:
    """People of the directory; each leads to the lines they hold."""
    base = tenant_url(request, "usage:lines")
    fits = Q(name__istartswith=text) | (Q(email__istartswith=text) & ~Q(email=""))
    rows = list(Person.objects.filter(fits, removed_at=None).order_by("name", "pk")[: most + 1])
    hits = [
        Hit(
            label=person.name,
            detail=", ".join(filter(None, (person.email, person.department))),
            url=f"{base}?{urlencode({'q': person.name})}",
        )
        for person in rows[:most]
    ]
    return Group(_("People"), "user", hits, _rest(base, text, more=len(rows) > most))


def _rest(base: str, text: str, *, more: bool, **filters: str) -> str:
    return f"{base}?{urlencode({'q': text, **filters})}" if more else ""
