"""The audit log's pages. The log is read, and only within its tenant; an export goes on record."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit import exports
from audit.actions import record
from audit.queries import events as events_on_record
from audit.tables import EVENTS
from common.exports import MOST_IN_A_WORKBOOK, csv_parts, workbook_parts
from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.tables import TableView

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require(Permission.VIEW_AUDIT)
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """The log, the newest entry first."""
    listed = EVENTS.view(request, events_on_record())
    base = tenant_url(request, "audit:events")
    for event in listed.rows:
        event.url = f"{base}{event.pk}/"
    asked = f"?{urlencode(listed.kept)}" if listed.kept else ""
    context = {
        "events": listed,
        "csv_url": f"{tenant_url(request, 'audit:export_csv')}{asked}",
        "xlsx_url": f"{tenant_url(request, 'audit:export_xlsx')}{asked}",
    }
    return render_page(request, "audit/events.html", context, parts=(EVENTS.part,))


@require(Permission.VIEW_AUDIT)
@require_safe
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry with everything that is known of it; `drawer` is its part beside the list."""
    event = get_object_or_404(events_on_record(), pk=pk)
    context = {"event": event, "zone": request.tenant.time_zone}
    return render_page(request, "audit/event.html", context, parts=("drawer",))


@require(Permission.VIEW_AUDIT)
@require_POST
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    """What the filters of the list show, all of it, streamed."""
    listed, zone = EVENTS.view(request, events_on_record()), request.tenant.zone
    _put_on_record(request, "csv", listed)
    parts = csv_parts(exports.head(zone), exports.rows(listed.filterset.qs, zone))
    return StreamingHttpResponse(parts, content_type=CSV, headers=_attached("audit-log.csv"))


@require(Permission.VIEW_AUDIT)
@require_POST
def export_xlsx(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The same as a workbook; more than somebody would wait for is referred to the CSV."""
    listed, zone = EVENTS.view(request, events_on_record()), request.tenant.zone
    found = listed.filterset.qs
    if found.order_by().values("pk")[: MOST_IN_A_WORKBOOK + 1].count() > MOST_IN_A_WORKBOOK:
        sentence = _("That is too much for a workbook. Choose a shorter period, or the CSV.")
        messages.error(request, sentence)
        asked = f"?{urlencode(listed.kept)}" if listed.kept else ""
        return redirect(f"{tenant_url(request, 'audit:events')}{asked}")
    _put_on_record(request, "xlsx", listed)
    parts = workbook_parts(_("Audit log"), exports.head(zone), exports.rows(found, zone))
    return StreamingHttpResponse(parts, content_type=XLSX, headers=_attached("audit-log.xlsx"))


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": content_disposition_header(True, name) or "attachment"}


def _put_on_record(request: HttpRequest, form: str, listed: TableView) -> None:
    mistaken = listed.filterset.form.errors  # these had no effect
    used = {f"filter_{n}": text for n, text in listed.kept if n not in mistaken}
    record(
        by=request.user,
        action="audit.exported",
        subject=request.tenant,
        tenant_id=request.tenant.pk,
        after={"format": form, **used},
    )
