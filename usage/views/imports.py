"""Imports: the history, the page of one, and the rows it did not take."""

from __future__ import annotations

import django_filters
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.tables import Column, Search, Table
from jobs import files
from usage.actions.import_rows import COUNTS
from usage.forms.imports import BeginForm
from usage.models import Carrier, UsageImport
from usage.queries import import_pages

PROGRESS = "import-progress"


class ImportFilters(django_filters.FilterSet):
    q = Search("file__name__icontains", label=gettext_lazy("Search"))
    carrier = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Carrier"),
        empty_label=gettext_lazy("All carriers"),
        queryset=lambda request: Carrier.objects.order_by("name"),
    )

    class Meta:
        model = UsageImport
        fields = ()


IMPORTS = Table(
    name="imports",
    columns=(
        Column("file", gettext_lazy("File"), order=("file__name",)),
        Column("state", gettext_lazy("State")),
        Column("rows", gettext_lazy("Rows"), numeric=True),
        Column("accepted", gettext_lazy("Accepted"), numeric=True),
        Column("duplicate", gettext_lazy("Duplicate"), numeric=True),
        Column("not_taken", gettext_lazy("Not taken"), numeric=True),
        Column("carrier", gettext_lazy("Carrier"), order=("carrier__name",)),
        Column("when", gettext_lazy("When"), order=("created_at",)),
        Column("by", gettext_lazy("By")),
    ),
    sort="-when",
    filters=ImportFilters,
)


@require(Permission.VIEW_LINES)
@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """All imports of the tenant that were begun in the browser, the latest first."""
    view = IMPORTS.view(request, import_pages.imports())
    base = tenant_url(request, "usage:imports")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
        outcome = import_pages.outcome_of(row) if row.run_job else None
        row.counts = outcome.counts if outcome else dict.fromkeys(COUNTS)
        row.not_taken = outcome.not_taken_count if outcome else None
    context = {"imports": view, "may_manage": _may_manage(request)}
    return render_page(request, "usage/imports.html", context, parts=(IMPORTS.part,))


@require(Permission.VIEW_LINES)
@require_safe
def usage_import(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: its progress, what was found, what came of it."""
    usage_import = get_object_or_404(import_pages.imports(), pk=pk)
    is_under_way = usage_import.job is not None and usage_import.job.is_open
    has_moved_on = request.GET.get("state", usage_import.state) != usage_import.state
    if request.htmx.target == PROGRESS and (has_moved_on or not is_under_way):
        return HttpResponseClientRefresh()  # the whole page is another one
    return page_of(request, usage_import, BeginForm())


def page_of(
    request: HttpRequest, usage_import: UsageImport, form: BeginForm, *, status: int = 200
) -> HttpResponse:
    """The page of one import, with the form that starts it."""
    outcome = import_pages.outcome_of(usage_import)
    if outcome is None or not outcome.must_be_confirmed:
        del form.fields["confirmed"]
    context = {
        "import": usage_import,
        "state": str(usage_import.state),
        "job": usage_import.job,
        "steps": import_pages.steps_of(usage_import),
        "outcome": outcome,
        "said": import_pages.said_of(usage_import),
        "form": form,
        "may_manage": _may_manage(request),
    }
    return render_page(request, "usage/import.html", context, parts=(PROGRESS,), status=status)


@require(Permission.VIEW_LINES)
@require_safe
def rows_not_taken(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The rows that were not taken, with their reasons, as a file."""
    usage_import = get_object_or_404(import_pages.imports(), pk=pk, run_job__output__isnull=False)
    file = usage_import.run_job.output
    if file.emptied_at is not None:
        raise Http404(_("These rows are no longer kept."))
    return StreamingHttpResponse(
        files.parts_of(file),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, file.name)},
    )


def _may_manage(request: HttpRequest) -> bool:
    """Whether the page offers commands; the views behind them check again."""
    return request.membership.may(Permission.MANAGE_LINES)
