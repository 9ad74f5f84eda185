"""Reports > Usage: the usage of a period, by what it is asked to be summed by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from common.charts import Chart, Series, bar_chart, line_chart
from common.figure_tables import Asked, Figures, FiguresTable, FiguresView
from common.http import tenant_url
from common.kept import kept
from common.pages import render_page
from common.permissions import Permission, require
from common.tables import Column
from common.wording import volume
from usage.models.usage_counter import UNKNOWN_ABROAD
from usage.queries.report_filters import UsageFilters, counted_by, days_of
from usage.queries.reports_usage import (
    HOME,
    NO_ZONE,
    UsagePage,
    UsageRow,
    usage_by,
    usage_rows,
)
from usage.views.report_exports import export_urls, exported

IN_PICTURE = 10
PART = "usage-report-table"


@dataclass(frozen=True)
class Grouping:
    """How a sum is called: its tab, the head of its column, and the name of what has none."""

    tab: str | Promise
    head: str | Promise
    nameless: str | Promise


GROUPINGS = {
    "line": Grouping(gettext_lazy("Lines"), gettext_lazy("Line"), ""),
    "person": Grouping(gettext_lazy("People"), gettext_lazy("Person"), gettext_lazy("No person")),
    "group": Grouping(
        gettext_lazy("People groups"), gettext_lazy("People group"), gettext_lazy("In no group")
    ),
    "cost_centre": Grouping(
        gettext_lazy("Cost centres"), gettext_lazy("Cost centre"), gettext_lazy("No cost centre")
    ),
    "carrier": Grouping(gettext_lazy("Carriers"), gettext_lazy("Carrier"), ""),
    "country": Grouping(gettext_lazy("Countries"), gettext_lazy("Country"), ""),
    "zone": Grouping(gettext_lazy("Zones"), gettext_lazy("Zone"), ""),
    "day": Grouping(gettext_lazy("Days"), gettext_lazy("Day"), ""),
}


def _table(by: str) -> FiguresTable:
    counted = () if by in ("line", "day") else (_column("lines", gettext_lazy("Lines")),)
    person = (Column("person", gettext_lazy("Person")),) if by == "line" else ()
    return FiguresTable(
        name="usage-report",
        columns=(
            Column("name", GROUPINGS[by].head, order=("name",)),
            *person,
            *counted,
            _column("domestic", gettext_lazy("Domestic")),
            _column("roaming", gettext_lazy("Roaming")),
            _column("total", gettext_lazy("Total")),
        ),
        sort="-name" if by == "day" else "-total",
        filters=UsageFilters,
    )


def _column(key: str, label: Any) -> Column:
    return Column(key, label, order=(key,), numeric=True)


TABLES = {by: _table(by) for by in GROUPINGS}


@require(Permission.VIEW_REPORTS)
@require_safe
def usage(request: HttpRequest, by: str) -> HttpResponse:
    """The sums, their picture and their exports."""
    view = TABLES[by].figures(request, _reader(request, by))
    first, last = days_of(dict(view.asked.filters), today=timezone.localdate())
    for row in view.rows:
        row.url = _deeper(request, by, row, view)
    context = {
        "usage": view,
        "by": by,
        "grouping": GROUPINGS[by],
        "tabs": _tabs(request, by, view),
        "first": first,
        "last": last,
        "picture": _picture(request, by, view),
        "personal_left_out": not request.membership.may(Permission.VIEW_PERSONAL_USAGE),
        **export_urls(request, f"usage:usage_by_{by}", view),
    }
    return render_page(request, "usage/reports/usage.html", context, parts=(PART,))


@require(Permission.VIEW_REPORTS)
@require_POST
def usage_export(request: HttpRequest, by: str, form: str) -> HttpResponse | StreamingHttpResponse:
    """Everything that the filters show, in the order of the page."""
    view = TABLES[by].figures(request, _reader(request, by))
    asked = _counted(request, view.asked)
    rows = usage_rows(by, asked, sees_personal=_sees_personal(request))
    return exported(
        request,
        report=f"usage-by-{by.replace('_', '-')}",
        title=_("Usage"),
        form=form,
        view=view,
        head=_head(by),
        rows=_cells(by, rows),
        back=f"usage:usage_by_{by}",
    )


def _head(by: str) -> list[str]:
    names = [str(GROUPINGS[by].head)]
    names += [_("Person")] if by == "line" else []
    names += [_("Lines")] if by not in ("line", "day") else []
    return [*names, _("Domestic (bytes)"), _("Roaming (bytes)"), _("Total (bytes)")]


def _cells(by: str, rows: Iterator[UsageRow]) -> Iterator[list[Any]]:
    for row in rows:
        name = row.name if by in ("day", "country") and row.name else _called(by, row)
        cells: list[Any] = [name]
        cells += [row.person] if by == "line" else []
        cells += [row.lines] if by not in ("line", "day") else []
        yield [*cells, row.domestic, row.roaming, row.total]


# --- reading ------------------------------------------------------------------------------------


class Shown:
    """A row as the page shows it."""

    url = ""

    def __init__(self, by: str, row: UsageRow) -> None:
        self.key = row.key
        self.label = _called(by, row)
        self.country = row.key if by == "country" and row.key != UNKNOWN_ABROAD else ""
        self.person, self.lines = row.person, row.lines
        self.domestic, self.roaming, self.total = row.domestic, row.roaming, row.total
        self.name = row.name


def _called(by: str, row: UsageRow) -> str:
    if by == "day":
        return row.name
    if by == "country" and row.key == UNKNOWN_ABROAD:
        return _("Country not known")
    if by == "zone":
        own = {HOME: _("In the carrier's country"), NO_ZONE: _("Abroad, in no zone")}
        return own.get(row.key) or row.name[1:]
    return row.name or str(GROUPINGS[by].nameless)


def _sees_personal(request: HttpRequest) -> bool:
    return request.membership.may(Permission.VIEW_PERSONAL_USAGE)


def _counted(request: HttpRequest, asked: Asked) -> Asked:
    country = request.tenant.home_country
    return replace(asked, filters=counted_by(dict(asked.filters), home_country=country))


def _reader(request: HttpRequest, by: str) -> Any:
    def read(asked: Asked) -> Figures:
        found = _kept(request, by, _counted(request, asked))
        totals = {"domestic": found.domestic, "roaming": found.roaming}
        return Figures([Shown(by, row) for row in found.rows], found.count, totals)

    return read


def _kept(request: HttpRequest, by: str, asked: Asked) -> UsagePage:
    sees_personal = _sees_personal(request)

    def work() -> UsagePage:
        found = usage_by(by, asked, sees_personal=sees_personal)
        return UsagePage(
            tuple(found.rows), found.count, found.totals["domestic"], found.totals["roaming"]
        )

    what = sorted((name, str(getattr(value, "pk", value))) for name, value in asked.filters.items())
    place = (by, asked.order, asked.descending, asked.start, asked.wanted, sees_personal)
    return kept(UsagePage, work, asked=repr((what, place))).figures


# --- around the table ---------------------------------------------------------------------------


def _picture(request: HttpRequest, by: str, view: FiguresView) -> Chart | None:
    """Days as lines, whole; of anything else the largest."""
    asked = _counted(request, view.asked)
    if by == "day":
        days = replace(asked, order="name", descending=False, start=0, wanted=None)
        rows = _kept(request, by, days).rows
    elif view.sort == "-total" and view.number == 1:
        rows = tuple(view.rows[:IN_PICTURE])
    else:
        most = replace(asked, order="total", descending=True, start=0, wanted=IN_PICTURE)
        rows = _kept(request, by, most).rows
    if not rows:
        return None
    make = line_chart if by == "day" and len(rows) > 1 else bar_chart
    return make(
        title=_("Usage by day") if by == "day" else _("The largest ten"),
        label_head=str(GROUPINGS[by].head),
        labels=[row.key if by == "day" else _called(by, row) for row in rows],
        series=[
            Series(name=_("Domestic"), figures=[row.domestic for row in rows]),
            Series(name=_("Roaming"), figures=[row.roaming for row in rows]),
        ],
        wording=lambda figure: volume(int(figure)),
    )


def _tabs(request: HttpRequest, by: str, view: FiguresView) -> list[dict[str, Any]]:
    """The other sums, of the same filters."""
    query = f"?{urlencode(view.kept)}" if view.kept else ""
    return [
        {
            "label": grouping.tab,
            "url": f"{tenant_url(request, f'usage:usage_by_{key}')}{query}",
            "current": key == by,
        }
        for key, grouping in GROUPINGS.items()
    ]


def _deeper(request: HttpRequest, by: str, row: Shown, view: FiguresView) -> str:
    """Where the row leads: to its line, or to the lines that it is the sum of."""
    if by == "line":
        may = request.membership.may(Permission.VIEW_LINES)
        return tenant_url(request, "usage:line", pk=row.key) if may else ""
    filters = {
        "group": {"group": row.key},
        "carrier": {"carrier": row.key},
        "country": {"country": row.key},
        "cost_centre": {"cost_centre": row.key},
        "person": {"q": row.name},
        "day": {"since": _iso(row.key), "until": _iso(row.key)},
    }.get(by, {})
    if not filters or not all(filters.values()):
        return ""
    query = {**dict(view.kept), **filters}
    return f"{tenant_url(request, 'usage:usage_by_line')}?{urlencode(query)}"


def _iso(day: Any) -> str:
    return day.isoformat() if isinstance(day, date) else ""
