"""The page of one line: why it is as it is, and every step that led there."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.pages import render_page
from common.permissions import Permission, require
from usage.models import Line
from usage.queries.line_page import line_page
from usage.queries.timeline import timeline


@require(Permission.VIEW_LINES)
@require_safe
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole page. htmx asks for a part: `line-live` while something is pending, `drawer`
    beside the list, where the steps stay unread."""
    line = get_object_or_404(Line.objects.select_related("carrier"), pk=pk)
    now = timezone.now()
    context = {
        "line": line,
        "page": line_page(line=line, now=now),
        "timeline": cache(lambda: timeline(line=line, page=request.GET.get("page", ""), now=now)),
        **_allowed(request),
    }
    return render_page(request, "usage/line.html", context, parts=("line-live", "drawer"))


def _allowed(request: HttpRequest) -> dict[str, bool]:
    """Which commands the page offers; the views behind them check again."""
    may = request.membership.may
    return {
        "may_manage": may(Permission.MANAGE_LINES),
        "may_block": may(Permission.BLOCK),
        "may_unblock": may(Permission.UNBLOCK),
        "may_see_plans": may(Permission.VIEW_PLANS),
    }
