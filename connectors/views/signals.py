"""Signals: everything a provider asked for, with what became of it."""

from __future__ import annotations

import django_filters
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from common.pages import render_page
from common.permissions import Permission, require
from common.sentences import sentence
from common.tables import Column, Table
from connectors.models import Outcome, Signal
from connectors.models.signal import Action
from devices.models import Restriction


class SignalFilters(django_filters.FilterSet):
    outcome = django_filters.ChoiceFilter(
        label=_("Outcome"), empty_label=_("Any"), choices=Outcome.choices
    )
    action = django_filters.ChoiceFilter(
        label=_("Action"), empty_label=_("Any"), choices=Action.choices
    )
    restriction = django_filters.ChoiceFilter(
        label=_("Restriction"), empty_label=_("Any"), choices=Restriction.choices
    )

    class Meta:
        model = Signal
        fields = ()


SIGNALS = Table(
    name="signals",
    columns=(
        Column("received", _("Received"), order=("received_at",)),
        Column("action", _("Action")),
        Column("restriction", _("Restriction")),
        Column("device", _("Device")),
        Column("reason", _("Reason")),
        Column("outcome", _("Outcome")),
    ),
    sort="-received",
    filters=SignalFilters,
)


@require(Permission.VIEW_CONNECTORS)
@require_safe
def signals(request: HttpRequest) -> HttpResponse:
    """The tenant's signals, newest first."""
    view = SIGNALS.view(request, Signal.objects.select_related("device", "connector"))
    for row in view.rows:
        row.sentence = sentence(row.reason, row.facts)
        row.why = sentence(row.outcome_reason)
    return render_page(request, "connectors/signals.html", {"signals": view}, parts=(SIGNALS.part,))
