"""Signals: everything a provider asked for, with what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.sentences import sentence
from common.tables import Column, Search, Table
from connectors.models import Connector, Outcome, Signal
from connectors.models.signal import Action
from connectors.ports import lines
from devices.models import Restriction

DAYS = {"today": 0, "week": 6, "month": 29}
WHEN = [
    ("today", _("Today")),
    ("week", _("The last 7 days")),
    ("month", _("The last 30 days")),
]
NUMBERS = {"imei": "IMEI", "serial": _("Serial number"), "udid": "UDID", "iccid": "ICCID"}
"""What a provider may call a device or line that is not known here."""


def _connectors() -> list[tuple[int, str]]:
    return list(Connector.objects.order_by("display_name", "pk").values_list("pk", "display_name"))


class SignalFilters(django_filters.FilterSet):
    q = Search(label=_("Line"), method="about_line")
    connector = django_filters.ChoiceFilter(
        label=_("Connector"), empty_label=_("Any"), choices=_connectors
    )
    outcome = django_filters.ChoiceFilter(
        label=_("Outcome"), empty_label=_("Any"), choices=Outcome.choices
    )
    action = django_filters.ChoiceFilter(
        label=_("Action"), empty_label=_("Any"), choices=Action.choices
    )
    restriction = django_filters.ChoiceFilter(
        label=_("Restriction"), empty_label=_("Any"), choices=Restriction.choices
    )

    when = django_filters.ChoiceFilter(
        label=_("When"), empty_label=_("Any time"), choices=WHEN, method="received"
    )

    class Meta:
        model = Signal
        fields = ()

    def about_line(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        ids = lines().matching(text=text, country=self.request.tenant.home_country)
        return queryset.filter(line_id__in=ids)

    def received(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Since the midnight that begins the first of so many days, in the zone in use."""
        first = timezone.localdate() - timedelta(days=DAYS[value])
        since = datetime.combine(first, time(), timezone.get_current_timezone())
        return queryset.filter(received_at__gte=since)


SIGNALS = Table(
    name="signals",
    columns=(
        Column("received", _("Received"), order=("received_at",)),
        Column("action", _("Action")),
        Column("line", _("Line")),
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
    names = lines().named(ids={row.line_id for row in view.rows if row.line_id})
    for row in view.rows:
        line = names.get(row.line_id)
        row.line_label = line.label if line else _named(row, ("msisdn", "iccid"))
        row.line_url = tenant_url(request, line.page, pk=row.line_id) if line else ""
        row.device_label = (
            str(row.device) if row.device else _named(row, ("imei", "serial", "udid"))
        )
        row.sentence = sentence(row.reason, row.facts)
        row.why = sentence(row.outcome_reason)
    return render_page(request, "connectors/signals.html", {"signals": view}, parts=(SIGNALS.part,))


def _named(signal: Signal, numbers: Iterable[str]) -> str:
    """What the provider called something that is not known here."""
    given = [(name, signal.facts[name]) for name in numbers if name in signal.facts]
    return ", ".join(f"{NUMBERS.get(name, '')} {value}".strip() for name, value in given)
