"""The page of one line: why it is as it is, and every step that led there."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.charts import Chart, Series, bar_chart
from common.pages import render_page
from common.permissions import Permission, require
from common.wording import volume
from usage.models import Line
from usage.queries.line_page import LinePage, days_of_cycle, line_page, without_history
from usage.queries.timeline import timeline


@require(Permission.VIEW_LINES)
@require_safe
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole page. htmx asks for a part: `line-live` while something is pending, `drawer`
    beside the list, where the steps stay unread."""
    line = get_object_or_404(Line.objects.select_related("carrier"), pk=pk)
    now = timezone.now()
    page = line_page(line=line, now=now)
    withheld = page.is_personal and not request.membership.may(Permission.VIEW_PERSONAL_USAGE)
    if withheld:
        page = without_history(page)
    context = {
        "line": line,
        "page": page,
        "withheld": withheld,
        "timeline": cache(
            lambda: (
                None if withheld else timeline(line=line, page=request.GET.get("page", ""), now=now)
            )
        ),
        "days": cache(lambda: _days(line, page, now)),
        **_allowed(request),
    }
    return render_page(request, "usage/line.html", context, parts=("line-live", "drawer"))


def _days(line: Line, page: LinePage, now: datetime) -> Chart | None:
    """The picture of the cycle's days; none for a cycle of one day, or before any use."""
    days = days_of_cycle(line=line, usage=page.usage, now=now) if page.usage else []
    if len(days) < 2 or not any(day.domestic or day.roaming for day in days):
        return None
    return bar_chart(
        title=_("Usage per day of this cycle"),
        label_head=_("Day"),
        labels=[day.day for day in days],
        series=[
            Series(name=_("Domestic"), figures=[day.domestic for day in days]),
            Series(name=_("Roaming"), figures=[day.roaming for day in days]),
        ],
        wording=lambda figure: volume(int(figure)),
    )


def _allowed(request: HttpRequest) -> dict[str, bool]:
    """Which commands the page offers; the views behind them check again."""
    may = request.membership.may
    return {
        "may_manage": may(Permission.MANAGE_LINES),
        "may_block": may(Permission.BLOCK),
        "may_unblock": may(Permission.UNBLOCK),
        "may_see_plans": may(Permission.VIEW_PLANS),
    }
