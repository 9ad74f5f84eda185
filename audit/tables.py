"""The audit log as a list: newest first, found by person, act, object or day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from audit.queries import actions_on_record, kinds_on_record
from audit.wording import act_label, kind_label
from common.tables import Column, Search, Table

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


class DayFilter(django_filters.DateFilter):
    """Events from the beginning of a day, or up to its end (`whole=1`), in the tenant's zone."""

    def __init__(self, *, whole: int = 0, **kwargs: Any) -> None:
        self.days_after = timedelta(days=whole)
        super().__init__(
            field_name="at",
            lookup_expr="lt" if whole else "gte",
            input_formats=["%Y-%m-%d"],
            validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            **kwargs,
        )

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        midnight = datetime.combine(value + self.days_after, time())
        return qs.filter(**{f"at__{self.lookup_expr}": timezone.make_aware(midnight)})


def _acts() -> list[tuple[str, str]]:
    return _by_label((action, act_label(action)) for action in actions_on_record())


def _kinds() -> list[tuple[str, str]]:
    return _by_label((kind, kind_label(kind)) for kind in kinds_on_record())


def _by_label(choices: Any) -> list[tuple[str, str]]:
    return sorted(choices, key=lambda choice: choice[1].casefold())


class EventFilters(django_filters.FilterSet):
    q = Search("object_name__icontains", "reason__icontains", label=_("Object or reason"))
    actor = Search("actor__icontains", label=_("Person"))
    action = django_filters.ChoiceFilter(choices=_acts, label=_("Action"), empty_label=_("All"))
    kind = django_filters.ChoiceFilter(
        field_name="object_type", choices=_kinds, label=_("Kind of object"), empty_label=_("All")
    )
    since = DayFilter(label=_("From"))
    until = DayFilter(whole=1, label=_("Up to and including"))

    class Meta:
        model = AuditEvent
        fields: tuple[Any, ...] = ()


EVENTS = Table(
    name="events",
    columns=(
        Column("at", _("Time"), order=("at",)),
        Column("actor", _("Person")),
        Column("action", _("Action")),
        Column("object", _("Object")),
        Column("change", _("Change")),
        Column("address", _("Address")),
    ),
    sort="-at",
    filters=EventFilters,
)
