"""The alerts as a list: newest first, those that nobody has seen to before all."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert
from alerts.models.alert import AlertState, Severity
from alerts.ports import subjects
from common.tables import Column, Search, Table

STATES = [
    (AlertState.OPEN.value, AlertState.OPEN.label),
    (AlertState.ACKNOWLEDGED.value, AlertState.ACKNOWLEDGED.label),
    (AlertState.RESOLVED.value, AlertState.RESOLVED.label),
]
DAYS = {"today": 0, "week": 6, "month": 29}
WHEN = [
    ("today", _("Today")),
    ("week", _("The last 7 days")),
    ("month", _("The last 30 days")),
]


class AlertFilters(django_filters.FilterSet):
    """The query string of the list."""

    q = Search(label=_("Number, reference, ICCID, IMEI or person"), method="find")
    state = django_filters.ChoiceFilter(label=_("State"), empty_label=_("All"), choices=STATES)
    severity = django_filters.ChoiceFilter(
        label=_("Severity"), empty_label=_("All"), choices=Severity.choices
    )
    when = django_filters.ChoiceFilter(
        label=_("When"), empty_label=_("Any time"), choices=WHEN, method="raised"
    )

    class Meta:
        model = Alert
        fields = ()

    def find(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        country = self.request.tenant.home_country
        fits = Q(pk__in=[])
        for kind, known in subjects().items():
            ids = known.matching(text=text, country=country)
            fits |= Q(subject_type=kind, subject_id__in=ids)
        return queryset.filter(fits)

    def raised(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Since the midnight that begins the first of so many days, in the zone in use."""
        first = timezone.localdate() - timedelta(days=DAYS[value])
        since = datetime.combine(first, time(), timezone.get_current_timezone())
        return queryset.filter(raised_at__gte=since)


ALERTS = Table(
    name="alerts",
    columns=(
        Column("about", _("About")),
        Column("severity", _("Severity")),
        Column("reason", _("Reason")),
        Column("state", _("State")),
        Column("raised", _("Raised"), order=("raised_at",)),
        Column("seen", _("Seen by")),
    ),
    sort="-raised",
    filters=AlertFilters,
)
