"""What the usage reports may be filtered by: the allow-list of their query strings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.tables import Search
from tenants.models import PeopleGroup
from usage.models import Carrier, Line, UsageCounter
from usage.queries.search import matching

PERIODS = (
    ("30", _("Past 30 days")),
    ("7", _("Past 7 days")),
    ("90", _("Past 90 days")),
    ("month", _("This month")),
    ("last_month", _("Last month")),
)
"""The first is what holds where none is chosen."""
LONGEST = timedelta(days=400)
"""A report reads so much at most, however far apart the days that were asked for."""
MOST_LINES = 2_000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


class Day(django_filters.DateFilter):
    """A day as a browser sends it; used by the report, not by a queryset."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%d"],
            validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            **kwargs,
        )


class Country(django_filters.CharFilter):
    """Two letters of either case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=2, min_length=2, **kwargs)


class UsageFilters(django_filters.FilterSet):
    q = Search(label=_("Number, reference or person"))
    period = django_filters.ChoiceFilter(label=_("Period"), choices=PERIODS, empty_label=None)
    since = Day(label=_("From"))
    until = Day(label=_("Up to and including"))
    carrier = django_filters.ModelChoiceFilter(
        label=_("Carrier"),
        empty_label=_("All carriers"),
        queryset=lambda request: Carrier.objects.order_by("name", "pk"),
    )
    group = django_filters.ModelChoiceFilter(
        label=_("People group"),
        empty_label=_("All"),
        queryset=lambda request: PeopleGroup.objects.filter(retired_at=None).order_by("position"),
    )
    cost_centre = django_filters.CharFilter(label=_("Cost centre"), max_length=60)
    country = Country(label=_("Country (two letters)"))
    where = django_filters.ChoiceFilter(
        label=pgettext_lazy("usage", "Where"),
        empty_label=_("Everywhere"),
        choices=[("home", _("In the carrier's country")), ("abroad", _("Abroad"))],
    )

    class Meta:
        model = UsageCounter
        fields: tuple[Any, ...] = ()


def days_of(filters: dict[str, Any], *, today: date) -> tuple[date, date]:
    """First and last day (both included): those given, else those of the period."""
    first, last = _of_period(filters.get("period") or PERIODS[0][0], today)
    if until := filters.get("until"):
        last = until
        first = min(first, until)
    if since := filters.get("since"):
        first = since
        last = max(last, since) if "until" not in filters else last
    first = max(first, last - LONGEST + timedelta(days=1))
    return first, last


def _of_period(period: str, today: date) -> tuple[date, date]:
    if period == "month":
        return today.replace(day=1), today
    if period == "last_month":
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    return today - timedelta(days=int(period) - 1), today


def counted_by(filters: dict[str, Any], *, home_country: str) -> dict[str, Any]:
    """The filters as usage.queries.reports_usage takes them."""
    first, last = days_of(filters, today=timezone.localdate())
    taken = {
        name: filters[name]
        for name in ("carrier", "group", "cost_centre", "where")
        if filters.get(name)
    }
    if country := filters.get("country"):
        taken["country"] = country.upper()
    if text := filters.get("q"):
        found = Line.objects.filter(pk__in=matching(text=text, country=home_country))
        taken["lines"] = list(found.values_list("pk", flat=True)[:MOST_LINES])
    return {**taken, "first": first, "last": last}
