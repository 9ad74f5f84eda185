"""The page of a dry run: how far it is, and then who would have got what."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.sentences import sentence
from jobs import files
from jobs.models import Job
from licensing.actions.dry_runs import PERIODS, ask
from licensing.drafts import Draft, draft_from
from licensing.models import App
from licensing.workers.dry_run import KIND

PROGRESS = "dry-run-progress"


def begin(request: HttpRequest, draft: Draft, days: int = PERIODS[0]) -> HttpResponse:
    """Ask for a dry run and go to its page. Raises AutoClaimRefused."""
    job = ask(draft=draft, days=days, now=timezone.now(), by=request.user)
    address = tenant_url(request, "licensing:dry_run", pk=job.pk)
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


@require(Permission.MANAGE_LICENCES)
@require_safe
def dry_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One dry run."""
    job = get_object_or_404(Job, pk=pk, kind=KIND)
    if request.htmx.target == PROGRESS and not job.is_open:
        return HttpResponseClientRefresh()  # the whole page is another one
    draft = draft_from(job.parameters["draft"])
    context = {
        "job": job,
        "draft": draft,
        "app": App.objects.filter(pk=draft.app).first(),
        "days": job.parameters["days"],
        "periods": PERIODS,
        "result": _told(job.result) if job.result else None,
        "has_list": job.output is not None and job.output.emptied_at is None,
    }
    return render_page(request, "licensing/dry_run.html", context, parts=(PROGRESS,))


def _told(result: dict[str, Any]) -> dict[str, Any]:
    """The result with its reasons as sentences and its days as days, the largest first."""
    reasons = sorted(result["reasons"].items(), key=lambda item: (-item[1], item[0]))
    return {
        **result,
        "reasons": [(sentence(key), count) for key, count in reasons],
        "out_on": _day(result["out_on"]),
        "products": [{**row, "out_on": _day(row["out_on"])} for row in result["products"]],
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@require(Permission.MANAGE_LICENCES)
@require_POST
def dry_run_again(request: HttpRequest, pk: int) -> HttpResponse:
    """The same draft over another period."""
    job = get_object_or_404(Job, pk=pk, kind=KIND)
    asked = request.POST.get("days", "")
    days = next((days for days in PERIODS if str(days) == asked), PERIODS[0])
    try:
        return begin(request, draft_from(job.parameters["draft"]), days)
    except Refused as refused:  # a product of the draft is gone by now
        messages.error(request, refused.sentence)
        return redirect(tenant_url(request, "licensing:dry_run", pk=pk))


@require(Permission.MANAGE_LICENCES)
@require_safe
def dry_run_list(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Everybody who would have claimed, as a file."""
    job = get_object_or_404(Job, pk=pk, kind=KIND, output__isnull=False)
    if job.output.emptied_at is not None:
        raise Http404(_("This list is no longer kept."))
    return StreamingHttpResponse(
        files.parts_of(job.output),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, job.output.name)},
    )
