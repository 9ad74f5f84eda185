"""Billing > Licenses > Auto-claim policy > View report: what came of every sign-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.actions import record
from common.charts import Chart, Series, bar_chart
from common.exports import MOST_IN_A_WORKBOOK, csv_parts, workbook_parts
from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.tables import TableView
from licensing import exports
from licensing.actions import claims as acts
from licensing.models import Claim
from licensing.queries.claims import daily, ledger, place_in_line, plan_labels, tried_names
from licensing.tables import CLAIMS

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require(Permission.VIEW_CLAIMS)
@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """The ledger of the last days, the picture over it, and the exports."""
    view = CLAIMS.view(request, ledger())
    labels, base = plan_labels(), tenant_url(request, "licensing:claims")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
        row.off_labels = [labels.get(name, name) for name in row.off]
    asked = f"?{urlencode(view.kept)}" if view.kept else ""
    context = {
        "claims": view,
        "picture": _picture(view, timezone.now(), request),
        "may_view": request.membership.may(Permission.VIEW_LICENCES),
        "zone": request.tenant.time_zone,
        "csv_url": f"{tenant_url(request, 'licensing:claims_csv')}{asked}",
        "xlsx_url": f"{tenant_url(request, 'licensing:claims_xlsx')}{asked}",
    }
    return render_page(request, "licensing/report.html", context, parts=(CLAIMS.part,))


def _picture(view: TableView, now: datetime, request: HttpRequest) -> Chart | None:
    """Seats taken per day and product, of what the filters show."""
    found = daily(
        claims=view.filterset.qs,
        since=now - view.filterset.length,
        now=now,
        zone=request.tenant.zone,
    )
    if not found.rows:
        return None
    names = [*found.names, _("Other products")]
    return bar_chart(
        title=_("Seats taken per day"),
        label_head=_("Day"),
        labels=found.days,
        series=[Series(name, row) for name, row in zip(names, found.rows, strict=False)],
    )


@require(Permission.VIEW_CLAIMS)
@require_safe
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim with everything that is known of it; `drawer` is its part beside the list."""
    row = get_object_or_404(ledger(), pk=pk)
    labels = plan_labels()
    context = {
        "claim": row,
        "off_labels": [labels.get(name, name) for name in row.off],
        "tried": tried_names(row),
        "place_in_line": place_in_line(row),
        "may_retry": row.state in acts.RETRYABLE
        and request.membership.may(Permission.MANAGE_LICENCES),
        "may_clear": row.blocks and request.membership.may(Permission.MANAGE_LICENCES),
    }
    return render_page(request, "licensing/claim.html", context, parts=("drawer",))


@require(Permission.MANAGE_LICENCES)
@require_POST
def claim_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge it again, by what is known now."""
    return _done(request, pk, acts.retry, _("The claim is judged again; its result comes here."))


@require(Permission.MANAGE_LICENCES)
@require_POST
def claim_clear(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the user claim again, whose licence was taken away."""
    return _done(request, pk, acts.clear, _("The user may claim a licence again."))


def _done(request: HttpRequest, pk: int, act: Callable[..., None], sentence: str) -> HttpResponse:
    row = get_object_or_404(Claim, pk=pk)
    try:
        act(claim=row, now=timezone.now(), by=request.user)
    except Refused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, sentence)
    return redirect(tenant_url(request, "licensing:claim", pk=pk))


@require(Permission.VIEW_CLAIMS)
@require_POST
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    """What the filters of the report show, all of it, streamed."""
    view, zone = CLAIMS.view(request, ledger()), request.tenant.zone
    _put_on_record(request, "csv", view)
    parts = csv_parts(exports.head(zone), exports.rows(view.filterset.qs, zone))
    return StreamingHttpResponse(parts, content_type=CSV, headers=_attached("auto-claim.csv"))


@require(Permission.VIEW_CLAIMS)
@require_POST
def export_xlsx(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The same as a workbook; more than somebody would wait for is referred to the CSV."""
    view, zone = CLAIMS.view(request, ledger()), request.tenant.zone
    found = view.filterset.qs
    if found.order_by().values("pk")[: MOST_IN_A_WORKBOOK + 1].count() > MOST_IN_A_WORKBOOK:
        sentence = _("That is too much for a workbook. Choose a shorter period, or the CSV.")
        messages.error(request, sentence)
        asked = f"?{urlencode(view.kept)}" if view.kept else ""
        return redirect(f"{tenant_url(request, 'licensing:claims')}{asked}")
    _put_on_record(request, "xlsx", view)
    parts = workbook_parts(_("Auto-claim"), exports.head(zone), exports.rows(found, zone))
    return StreamingHttpResponse(parts, content_type=XLSX, headers=_attached("auto-claim.xlsx"))


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": content_disposition_header(True, name) or "attachment"}


def _put_on_record(request: HttpRequest, form: str, view: TableView) -> None:
    mistaken = view.filterset.form.errors  # these had no effect
    used: dict[str, Any] = {f"filter_{n}": text for n, text in view.kept if n not in mistaken}
    record(
        by=request.user,
        action="claims.exported",
        subject=request.tenant,
        tenant_id=request.tenant.pk,
        after={"format": form, **used},
    )
