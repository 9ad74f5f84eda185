"""What the lists of this app may show, sort and filter."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.permissions import ROLE_LABELS
from common.tables import Column, Search, Table
from tenants.models import Membership, PeopleGroup, Person

TENANTS = Table(
    name="tenants",
    columns=(
        Column("name", _("Name"), order=("name",)),
        Column("slug", _("Slug"), order=("slug",)),
        Column("cloud", _("Microsoft cloud"), order=("cloud",)),
        Column("created", _("Created"), order=("created_at",)),
        Column("state", _("State")),
        Column("change", _("Change"), label_hidden=True),
    ),
    sort="name",
)

TOKENS = Table(
    name="tokens",
    columns=(
        Column("name", _("Name"), order=("name",)),
        Column("prefix", _("Begins with")),
        Column("scopes", _("May")),
        Column("created", _("Created"), order=("created_at",)),
        Column("until", _("Valid until"), order=("expires_at",)),
        Column("used", _("Last use"), order=("last_used_at",)),
        Column("state", _("State")),
        Column("change", _("Change"), label_hidden=True),
    ),
    sort="name",
)


class GroupFilters(django_filters.FilterSet):
    q = Search("name__icontains", "note__icontains", label=_("Search"))
    state = django_filters.ChoiceFilter(
        label=_("State"),
        empty_label=_("All"),
        method="in_state",
        choices=[("active", _("In the order")), ("retired", pgettext_lazy("group", "Retired"))],
    )

    class Meta:
        model = PeopleGroup
        fields: tuple[Any, ...] = ()

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(retired_at__isnull=value == "active")


GROUPS = Table(
    name="groups",
    columns=(
        Column("priority", _("Priority"), order=("position",), numeric=True),
        Column("group", _("Group"), order=("name",)),
        Column("people", _("People"), order=("people",), numeric=True),
        Column("note", _("Note")),
        Column("state", _("State")),
        Column("order", _("Order"), label_hidden=True),
    ),
    sort="priority",
    filters=GroupFilters,
)


class DirectoryFilters(django_filters.FilterSet):
    q = Search("name__istartswith", "email__istartswith", label=_("Name or e-mail begins with"))
    department = Search("department__istartswith", label=_("Department"))
    cost_centre = Search("cost_centre__istartswith", label=_("Cost centre"))

    class Meta:
        model = Person
        fields: tuple[Any, ...] = ()


DIRECTORY = Table(
    name="people",
    columns=(
        Column("person", _("Person"), order=("name",)),
        Column("email", _("E-mail")),
        Column("department", _("Department")),
        Column("cost_centre", _("Cost centre")),
        Column("groups", _("Groups, by priority")),
    ),
    sort="person",
    filters=DirectoryFilters,
)


MEMBER_STATES = [
    ("invited", pgettext_lazy("person", "Invited")),
    ("member", _("Member")),
    ("removed", pgettext_lazy("person", "Removed")),
]


class NameOrAddress(Search):
    """Finds addresses, and the names of those who have joined: see Membership.shown_name."""

    def filter(self, qs: Any, value: str) -> Any:
        if not value:
            return qs
        joined = Q(invited_at__isnull=True) | Q(joined_at__isnull=False)
        return qs.filter(
            Q(user__email__icontains=value) | (joined & Q(user__name__icontains=value))
        )


class MemberFilters(django_filters.FilterSet):
    q = NameOrAddress(label=_("Name or e-mail"))
    role = django_filters.ChoiceFilter(
        label=_("Role"), empty_label=_("All"), choices=list(ROLE_LABELS.items())
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), empty_label=_("All"), method="by_state", choices=MEMBER_STATES
    )

    class Meta:
        model = Membership
        fields: tuple[Any, ...] = ()

    def by_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.in_state(value)


MEMBERS = Table(
    name="members",
    columns=(
        Column("person", _("Person"), order=("user__email",)),
        Column("role", _("Role"), order=("role",)),
        Column("state", _("State")),
        Column("last", _("Last sign-in"), order=("last_signed_in_at",)),
        Column("factor", _("Second factor")),
    ),
    sort="person",
    filters=MemberFilters,
)
