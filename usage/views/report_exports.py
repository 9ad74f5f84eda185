"""What every report's export shares: streamed, on record, and referred to the CSV when too long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from audit.actions import record
from common.exports import MOST_IN_A_WORKBOOK, csv_parts, workbook_parts
from common.http import tenant_url
from common.tables import TableView

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export_urls(request: HttpRequest, name: str, view: TableView) -> dict[str, str]:
    """Addresses of both exports of what `view` shows; `name` is that of the page's address."""
    query = [*view.kept, ("sort", view.sort)]
    return {
        f"{form}_url": f"{tenant_url(request, f'{name}_{form}')}?{urlencode(query)}"
        for form in TYPES
    }


def exported(
    request: HttpRequest,
    *,
    report: str,
    title: str,
    form: str,
    view: TableView,
    head: Sequence[str],
    rows: Iterable[Sequence[Any]],
    back: str,
) -> HttpResponse | StreamingHttpResponse:
    """The rows as a file; `report` is its key on record and in the file's name, `back` the page."""
    if form == "xlsx" and view.count > MOST_IN_A_WORKBOOK:
        sentence = _("That is too much for a workbook. Choose a shorter period, or the CSV.")
        messages.error(request, sentence)
        return redirect(f"{tenant_url(request, back)}?{urlencode(view.kept)}")
    mistaken = view.filter_form.errors if view.filter_form is not None else {}
    used = {f"filter_{n}": text for n, text in view.kept if n not in mistaken}
    record(
        by=request.user,
        action="report.exported",
        subject=request.tenant,
        tenant_id=request.tenant.pk,
        after={"report": report, "format": form, **used},
    )
    parts = csv_parts(head, rows) if form == "csv" else workbook_parts(title, head, rows)
    name = content_disposition_header(True, f"{report}.{form}") or "attachment"
    return StreamingHttpResponse(
        parts, content_type=TYPES[form], headers={"Content-Disposition": name}
    )
