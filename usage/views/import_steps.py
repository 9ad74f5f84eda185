"""The steps of an import: the file, its columns, the start, calling it off."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.submission import form_methods, form_status, refusals_on, sent
from jobs.files import PART, FileGone
from jobs.uploads import was_too_large
from usage.actions import usage_imports as acts
from usage.dialects import BadFile
from usage.forms.imports import BeginForm, ColumnsForm, UploadForm
from usage.models import Carrier, UsageImport
from usage.queries import import_pages
from usage.views.imports import page_of

SHOWN_ROWS = 6


@require(Permission.MANAGE_LINES)
@form_methods
def import_add(request: HttpRequest) -> HttpResponse:
    """The first step: a file, and whose it is."""
    form = UploadForm(
        sent(request),
        request.FILES or None,
        too_large=was_too_large(request),
        initial={"carrier": request.GET.get("carrier")},
    )
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            added = acts.upload(
                name=file.name,
                parts=file.chunks(PART),
                carrier=form.cleaned_data["carrier"],
                now=timezone.now(),
                by=request.user,
            )
        except acts.ImportRunsAlready as running:
            return _to_the_running_one(request, running)
        return redirect(tenant_url(request, "usage:import_columns", pk=added.pk))
    context = {
        "form": form,
        "steps": import_pages.Steps(import_pages.STEPS, 1),
        "carrier_exists": Carrier.objects.filter(retired_at=None).exists(),
    }
    return render_page(request, "usage/import_add.html", context, status=form_status(form))


@require(Permission.MANAGE_LINES)
@form_methods
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """The second step: which column is what. Sending it has the file checked."""
    usage_import = get_object_or_404(import_pages.imports(), pk=pk)
    if usage_import.state not in acts.CHANGEABLE:
        return redirect(tenant_url(request, "usage:import", pk=pk))
    try:
        head = import_pages.head_of(usage_import, sheet=request.GET.get("sheet"))
    except BadFile as bad:
        raise Http404(str(bad)) from bad  # it could be read when uploaded: no such sheet
    except FileGone:
        messages.error(request, _("The uploaded file is no longer kept. Upload it again."))
        return redirect(tenant_url(request, "usage:import_add"))
    first = import_pages.guesses(usage_import, head)
    form = ColumnsForm(
        sent(request),
        initial=first.initial,
        head=head,
        guess=first.guess,
        carrier=usage_import.carrier,
    )
    if form.is_valid():
        with refusals_on(form):
            acts.choose_columns(
                usage_import=usage_import,
                options=form.options(),
                keep_as=form.cleaned_data["keep_as"],
                header=head.header,
                now=timezone.now(),
                by=request.user,
            )
            return redirect(tenant_url(request, "usage:import", pk=pk))
    context = {
        "form": form,
        "import": usage_import,
        "head": head,
        "delimiter": import_pages.delimiter_name(head.delimiter),
        "preset": first.preset,
        "sheets": import_pages.sheets_of(head),
        "rows": import_pages.sample(head, SHOWN_ROWS),
        "steps": import_pages.Steps(import_pages.STEPS, 2),
    }
    return render_page(request, "usage/import_columns.html", context, status=form_status(form))


@require(Permission.MANAGE_LINES)
@require_POST
def import_start(request: HttpRequest, pk: int) -> HttpResponse:
    """The last step: have it imported."""
    usage_import = get_object_or_404(import_pages.imports(), pk=pk)
    form = BeginForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            try:
                acts.begin(
                    usage_import=usage_import,
                    confirmed=form.cleaned_data["confirmed"],
                    now=timezone.now(),
                    by=request.user,
                )
            except acts.ImportRunsAlready as running:
                return _to_the_running_one(request, running)
            return redirect(tenant_url(request, "usage:import", pk=pk))
    return page_of(request, usage_import, form, status=422)


@require(Permission.MANAGE_LINES)
@require_POST
def import_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop what is under way."""
    usage_import = get_object_or_404(UsageImport, pk=pk)
    try:
        acts.call_off(usage_import=usage_import, now=timezone.now(), by=request.user)
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    else:
        messages.success(request, _("Stopped. What was counted so far stays."))
    return redirect(tenant_url(request, "usage:import", pk=pk))


def _to_the_running_one(request: HttpRequest, running: acts.ImportRunsAlready) -> HttpResponse:
    messages.warning(request, _("This very file is being imported already. This is its page."))
    return redirect(tenant_url(request, "usage:import", pk=running.usage_import.pk))
