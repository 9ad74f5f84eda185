"""The audit log as a list: newest first, found by person, act or object."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from audit.queries import actions_on_record
from audit.wording import act_label
from common.tables import Column, Search, Table


def _choices() -> list[tuple[str, str]]:
    named = [(action, act_label(action)) for action in actions_on_record()]
    return sorted(named, key=lambda choice: choice[1].casefold())


class EventFilters(django_filters.FilterSet):
    q = Search("object_name__icontains", "reason__icontains", label=_("Object or reason"))
    actor = Search("actor__icontains", label=_("Person"))
    action = django_filters.ChoiceFilter(choices=_choices, label=_("Action"), empty_label=_("All"))

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
