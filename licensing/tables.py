"""The report as a list: what claims came to in the last days, newest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.tables import Column, Search, Table
from licensing.models import AutoClaimPolicy, Claim, ClaimState, Product

PERIODS = (
    ("90", _("Past 90 days")),
    ("30", _("Past 30 days")),
    ("7", _("Past 7 days")),
    ("1", _("Past day")),
)
"""The first is what holds where none is chosen."""


def _policies() -> list[tuple[int, str]]:
    return list(AutoClaimPolicy.objects.order_by("name", "pk").values_list("pk", "name"))


def _products() -> list[tuple[int, str]]:
    return list(Product.objects.order_by("name", "pk").values_list("pk", "name"))


class ClaimFilters(django_filters.FilterSet):
    days = django_filters.ChoiceFilter(
        label=_("Period"), choices=PERIODS, empty_label=None, method="_all"
    )
    q = Search("person__icontains", "upn__icontains", label=_("User"))
    state = django_filters.ChoiceFilter(
        label=_("Result"), choices=ClaimState.choices, empty_label=_("All")
    )
    policy = django_filters.ChoiceFilter(label=_("Policy"), choices=_policies, empty_label=_("All"))
    product = django_filters.ChoiceFilter(
        label=_("Product"), choices=_products, empty_label=_("All")
    )

    class Meta:
        model = Claim
        fields: tuple[Any, ...] = ()

    def _all(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset

    @property
    def length(self) -> timedelta:
        """The period that was asked for."""
        asked = self.form.cleaned_data.get("days") if self.form.is_valid() else ""
        return timedelta(days=int(asked or PERIODS[0][0]))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = super().filter_queryset(queryset)
        return found.filter(signed_in_at__gte=timezone.now() - self.length)


CLAIMS = Table(
    name="claims",
    columns=(
        Column("at", _("Time"), order=("signed_in_at",)),
        Column("user", _("User"), order=("person", "upn")),
        Column("policy", _("Policy"), order=("policy_name", "app__name")),
        Column("product", _("Product"), order=("product_name", "position")),
        Column("result", _("Result"), order=("state", "reason")),
    ),
    sort="-at",
    filters=ClaimFilters,
)
