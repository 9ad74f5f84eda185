"""Presets of columns: the list, the page that edits one, the deletion."""

from __future__ import annotations

import django_filters
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from common.tables import Column, Search, Table
from usage.actions import column_presets as acts
from usage.forms.column_presets import PresetForm
from usage.models import Carrier, ColumnPreset


class PresetFilters(django_filters.FilterSet):
    q = Search("name__icontains", label=gettext_lazy("Search"))
    carrier = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Carrier"),
        empty_label=gettext_lazy("All carriers"),
        queryset=lambda request: Carrier.objects.order_by("name"),
    )

    class Meta:
        model = ColumnPreset
        fields = ()


PRESETS = Table(
    name="column-presets",
    columns=(
        Column("name", gettext_lazy("Name"), order=("name",)),
        Column("carrier", gettext_lazy("Carrier"), order=("carrier__name", "name")),
        Column("line", gettext_lazy("Column of the line")),
        Column("volume", gettext_lazy("Column of the volume")),
        Column("time", gettext_lazy("Column of the time")),
        Column("changed", gettext_lazy("Changed"), order=("changed_at",)),
    ),
    sort="name",
    filters=PresetFilters,
)


@require(Permission.VIEW_LINES)
@require_safe
def column_presets(request: HttpRequest) -> HttpResponse:
    """All presets of the tenant's carriers."""
    view = PRESETS.view(request, ColumnPreset.objects.select_related("carrier"))
    base = tenant_url(request, "usage:column_presets")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
    context = {"presets": view, "may_manage": _may_manage(request)}
    return render_page(request, "usage/column_presets.html", context, parts=(PRESETS.part,))


@require(Permission.MANAGE_LINES)
@form_methods
def column_preset(request: HttpRequest, pk: int) -> HttpResponse:
    """The answers of one preset, to be changed."""
    preset = get_object_or_404(ColumnPreset.objects.select_related("carrier"), pk=pk)
    form = PresetForm(sent(request), preset=preset)
    if form.is_valid():
        with refusals_on(form):
            acts.edit(
                preset=preset,
                name=form.cleaned_data["name"],
                options=form.options(),
                now=timezone.now(),
                by=request.user,
            )
            messages.success(request, _("Saved."))
            return redirect(tenant_url(request, "usage:column_presets"))
    context = {"form": form, "preset": preset}
    return render_page(request, "usage/column_preset.html", context, status=form_status(form))


@require(Permission.MANAGE_LINES)
@form_methods
def column_preset_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before deleting, and the deed."""
    preset = get_object_or_404(ColumnPreset, pk=pk)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        acts.delete(preset=preset, by=request.user)
        messages.success(request, _("%(name)s was deleted.") % {"name": preset})
        return redirect(tenant_url(request, "usage:column_presets"))
    context = {
        "form": form,
        "title": _("Delete %(name)s") % {"name": preset},
        "sentence": _("The carrier's next files begin with guesses again. Imports stay."),
        "verb": _("Delete"),
        "back": tenant_url(request, "usage:column_preset", pk=pk),
        "back_label": str(preset),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def _may_manage(request: HttpRequest) -> bool:
    """Whether the page offers commands; the views behind them check again."""
    return request.membership.may(Permission.MANAGE_LINES)
