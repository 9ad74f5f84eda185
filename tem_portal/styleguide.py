"""Every component in its states, live, for whoever builds or reviews a page.

Exists in a sandbox or with DEBUG only and holds no tenant's data, so it wants no sign-in. Its
list shows the rows of Django's own permission table, which every installation has.
"""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Permission
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from common import wording
from common.charts import Series, bar_chart, line_chart
from common.forms import NamesItsFields
from common.pages import render_page
from common.statuses import Look
from common.tables import Column, Search, Table
from common.timelines import TimelineEntry

_GB = 10**9
_NOW = datetime.datetime(2025, 3, 18, 13, 3, 21, tzinfo=datetime.UTC)


class SampleForm(NamesItsFields, forms.Form):
    """One field of every kind."""

    name = forms.CharField(label=_("Name"), max_length=40)
    cap = forms.IntegerField(
        label=_("Data cap"), min_value=1, required=False, help_text=_("In megabytes.")
    )
    country = forms.ChoiceField(label=_("Country"), choices=[("", ""), ("NL", "NL"), ("BE", "BE")])
    starts = forms.DateField(
        label=_("Date"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea)
    scope = forms.ChoiceField(
        label=_("Scope"),
        choices=[("domestic", _("Domestic")), ("roaming", _("Roaming"))],
        widget=forms.RadioSelect,
        help_text=_("Where the data was used."),
    )
    block = forms.BooleanField(
        label=_("Block roaming data"), required=False, help_text=_("Ends with the billing cycle.")
    )
    file = forms.FileField(label=_("File"), required=False)


class SampleFilters(django_filters.FilterSet):
    q = Search("name__icontains", "codename__icontains", label=_("Search"))
    kind = django_filters.ChoiceFilter(
        field_name="codename",
        lookup_expr="startswith",
        label=_("State"),
        empty_label=_("All"),
        choices=[("view", _("Active")), ("delete", _("Retired"))],
    )

    class Meta:
        model = Permission
        fields = ()


SAMPLE_TABLE = Table(
    name="sample",
    columns=(
        Column("name", _("Name"), order=("name",)),
        Column("reference", _("Carrier's reference"), order=("codename",)),
        Column("state", _("State")),
        Column("meter", _("Usage")),
        Column("volume", _("Used"), order=("pk",), numeric=True),
    ),
    sort="name",
    filters=SampleFilters,
)
EMPTY_TABLE = Table(
    name="empty", columns=(Column("name", _("Name"), order=("name",)),), sort="name"
)


@login_not_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """The page; a POST shows the sample form's errors, or a toast of each kind."""
    if not (settings.SANDBOX or settings.DEBUG):
        raise Http404
    form = SampleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and "toasts" in request.POST:
        messages.success(request, _("Saved."))
        messages.info(request, _("The connector is being asked."))
        messages.warning(request, _("The device has not answered yet."))
        messages.error(request, _("The device refused the command."))
        return redirect(request.path)
    sample = SAMPLE_TABLE.view(request, Permission.objects.all())
    figures = itertools.cycle((0, 640 * 10**6, 3_200_000_000, 4_400_000_000, 5_700_000_000))
    for row, used in zip(sample.rows, figures, strict=False):
        row.used, row.cap = used, 5 * _GB
    context = {
        "form": form,
        "sample": sample,
        "nothing": EMPTY_TABLE.view(request, Permission.objects.none()),
        **_pictures(),
        **_frame(request),
    }
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render_page(
        request, "styleguide.html", context, parts=("sample-table", "drawer"), status=status
    )


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What the navigation would give, for visitors without a tenant."""

    def entry(label: Any, icon: str, *, current: bool = False) -> dict[str, Any]:
        return {"label": label, "url": request.path, "icon": icon, "current": current}

    return {
        "navigation": [
            {"label": _("Home"), "icon": "house", "entries": [entry(_("Home"), "house")]},
            {
                "label": _("Lines and usage"),
                "icon": "",
                "entries": [
                    entry(_("Lines"), "phone", current=True),
                    entry(_("Carriers"), "radio-tower"),
                    entry(_("Plans"), "package"),
                    entry(_("Policies"), "shield-check"),
                ],
            },
            {
                "label": _("Devices"),
                "icon": "",
                "entries": [entry(_("Devices"), "tablet-smartphone")],
            },
            {
                "label": _("Tenant administration"),
                "icon": "",
                "entries": [
                    entry(_("Connectors and tokens"), "plug"),
                    entry(_("People"), "users"),
                    entry(_("Audit log"), "scroll-text"),
                ],
            },
        ],
        "tenant_choices": [
            {"name": "Contoso", "url": request.path, "current": True},
            {"name": "Fabrikam", "url": request.path, "current": False},
        ],
        "search_url": request.path,
        "tabs": [
            {"label": _("Overview"), "url": request.path, "current": True},
            {"label": _("Devices"), "url": request.path, "current": False},
        ],
    }


def _pictures() -> dict[str, Any]:
    days = [str(number) for number in range(1, 31)]
    home = [(number * 37 % 11) * 31_000_000 for number in range(30)]
    abroad = [(number * 13 % 7) * 9_000_000 if 11 < number < 19 else 0 for number in range(30)]
    running = list(itertools.accumulate(home))
    return {
        "bars": bar_chart(
            title=_("Usage by day"),
            label_head=_("Day"),
            labels=days,
            series=[Series(str(_("Domestic")), home), Series(str(_("Roaming")), abroad)],
            wording=wording.volume,
        ),
        "line": line_chart(
            title=_("Usage against the cap"),
            label_head=_("Day"),
            labels=days,
            series=[
                Series(str(_("Used")), [*running[:21], *[None] * 9]),
                Series(str(_("Data cap")), [5 * _GB] * 30),
            ],
            wording=wording.volume,
        ),
        "entries": _story(),
        "looks": [
            (_("Active"), Look("good", "circle-check")),
            (_("Near the limit"), Look("warn", "triangle-alert")),
            (_("Blocked"), Look("bad", "ban")),
            (_("Waiting for the device"), Look("info", "clock")),
            (_("Unknown"), Look("neutral", "circle-question-mark")),
        ],
        "steps": {"names": (_("File"), _("Columns"), _("Check"), _("Import")), "at": 2},
    }


def _story() -> list[TimelineEntry]:
    def at(seconds: float) -> datetime.datetime:
        return _NOW - datetime.timedelta(seconds=seconds)

    sentence = _("Roaming use is 5.1 GB, above the limit of 5 GB in this cycle.")
    return [
        TimelineEntry(at(0), _("Answer"), _("The device confirms the block."), "check", "good"),
        TimelineEntry(
            at(1),
            _("Command"),
            _("Settings was handed to the simulator."),
            "send",
            "info",
            facts=((_("Command"), "7c1e5d0a-35b1-4f0b-9e44-0f6b8de7b4a1"), (_("Generation"), "4")),
        ),
        TimelineEntry(at(1.4), _("Alert"), sentence, "bell", "bad"),
        TimelineEntry(
            at(90_000),
            _("Top-up"),
            _("500 MB more until the end of the cycle."),
            "plus",
            by="bob@contoso.example",
        ),
    ]
