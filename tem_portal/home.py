"""The home page: how the tenant's lines, devices and connector are doing, at a glance.

It may show parts of every app, so it stands above them all. A panel is worked out only for those
whose role includes it; whoever has none is told what the role is for. An open page renews itself
every half minute, and everything on it is there without JavaScript too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.charts import Chart, Series, line_chart
from common.kept import Kept, kept
from common.meters import percent_used
from common.pages import render_page
from common.permissions import Permission, require
from common.statuses import Tone
from common.wording import volume
from tem_portal import figures
from tem_portal.navigation import address_of, other_pages
from usage.models.usage_counter import UNKNOWN_ABROAD

COUNTRIES_SHOWN = 8


@require(Permission.VIEW_HOME)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The page, or when it renews itself the part `home-live`."""
    context = _panels(request, timezone.now())
    return render_page(request, "home.html", context, parts=("home-live",))


def _panels(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The panels that the role includes, by name."""
    panels: dict[str, Any] = {}
    may = request.membership.may
    if may(Permission.VIEW_CONNECTORS):
        panels["connector"] = _connector(request)
    if may(Permission.VIEW_LINES):
        panels |= _lines(request, now)
    if may(Permission.VIEW_DEVICES):
        panels["device_commands"] = figures.command_figures(now=now)
        panels["devices_url"] = address_of(request, "devices:devices")
    if may(Permission.VIEW_REPORTS):
        panels |= _usage(now)
    if not panels:
        return {"elsewhere": other_pages(request)}
    return panels | {"now": now, "has_panels": True}


def _connector(request: HttpRequest) -> dict[str, Any]:
    connector = figures.built_in_connector()
    return {
        "state": figures.connector_state(connector),
        "last_connection_at": connector.last_connection_at if connector else None,
        "url": address_of(request, "connectors:list"),
    }


@dataclass(frozen=True)
class Tile:
    """A figure that leads to the list behind it."""

    label: str
    value: int
    url: str
    icon: str
    tone: Tone


def _lines(request: HttpRequest, now: datetime) -> dict[str, Any]:
    found = kept(figures.LineFigures, figures.line_figures)
    lines_url = address_of(request, "usage:lines")
    panels = {"lines": found, "lines_url": lines_url}
    if not found.figures.active:
        return panels | {"beginning": figures.beginning(), "add": _add_urls(request)}
    silent = kept(figures.SilentLines, partial(figures.silent, now=now))
    return panels | {
        "tiles": _tiles(found.figures, silent.figures, lines_url),
        "silent": silent,
        "alerts": figures.alerts_today(now=now),
        "alerts_url": address_of(request, "alerts:alerts"),
        "most_alerts": figures.ALERTS_COUNTED,
    }


def _tiles(lines: figures.LineFigures, silent: figures.SilentLines, url: str) -> list[Tile]:
    told: list[tuple[str, str, int, str, Tone]] = [
        ("over", _("Over the limit"), lines.over, "octagon-alert", "bad"),
        ("near", _("Near the limit"), lines.near, "triangle-alert", "warn"),
        ("restricted", _("Blocked"), lines.restricted, "ban", "bad"),
        ("silent", _("Not reporting"), silent.count, "phone-off", "info"),
    ]
    return [
        Tile(label, value, f"{url}?standing={standing}", icon, tone if value else "neutral")
        for standing, label, value, icon, tone in told
    ]


def _add_urls(request: HttpRequest) -> dict[str, str]:
    return {
        "carrier": address_of(request, "usage:carrier_add"),
        "plan": address_of(request, "usage:plan_add"),
        "line": address_of(request, "usage:line_add"),
    }


@dataclass(frozen=True)
class CountryRow:
    """Roaming in one country: its code (empty for a group, which has a name) and its bytes."""

    code: str
    name: str
    volume: int
    percent: int


def _usage(now: datetime) -> dict[str, Any]:
    today = timezone.localdate(now)
    found = kept(figures.UsageFigures, partial(figures.usage_figures, today=today))
    return {
        "usage": found,
        "trend": None if found.figures.is_empty else _trend(found),
        "countries": _countries(found.figures.countries),
        "roamed": sum(used for _code, used in found.figures.countries),
    }


def _trend(found: Kept[figures.UsageFigures]) -> Chart:
    days = found.figures.days
    return line_chart(
        title=_("Usage of the last 30 days"),
        label_head=_("Day"),
        labels=[day for day, _domestic, _roaming in days],
        series=[
            Series(name=_("Domestic"), figures=[domestic for _day, domestic, _roaming in days]),
            Series(name=_("Roaming"), figures=[roaming for _day, _domestic, roaming in days]),
        ],
        wording=lambda figure: volume(int(figure)),
    )


def _countries(countries: tuple[tuple[str, int], ...]) -> list[CountryRow]:
    """The largest, and the rest together; the bars are parts of the largest."""
    shown, rest = countries[:COUNTRIES_SHOWN], countries[COUNTRIES_SHOWN:]
    rows = [
        (code, _("Country not known") if code == UNKNOWN_ABROAD else "", used)
        for code, used in shown
    ]
    if rest:
        rows.append(("", _("Other countries"), sum(used for _code, used in rest)))
    most = max((used for _code, _name, used in rows), default=0)
    return [
        CountryRow("" if name else code, name, used, max(1, percent_used(used, most)))
        for code, name, used in rows
    ]
