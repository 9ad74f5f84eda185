"""Choosing rows of a list: these ones, or all that match its filters.

The check boxes of a list are a form of its own, sent by GET to the page that asks and counts
before anything is done; that page is sent to its own address, so the choice travels in the URL
and needs neither script nor session. Keys that the person may not see find no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise

from common.tables import Table

PICK = "pick"
ALL = "all"
FILTERS = "filters"
_LONGEST_KEY = 18
_LONGEST_FILTERS = 2_000


@dataclass(frozen=True)
class Verb:
    """What can be done with the chosen rows: a button that leads to the page which asks."""

    label: str | Promise
    url: str
    icon: str
    variant: str = "secondary"


def chosen(*, table: Table, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """The rows of `queryset` that the request's query string chooses; none where it does not."""
    query = request.GET
    if query.get(ALL) and table.filters is not None:
        filters = QueryDict(query.get(FILTERS, "")[:_LONGEST_FILTERS])
        return table.filters(filters, queryset=queryset, request=request).qs
    keys = {
        int(text)
        for text in query.getlist(PICK)[: table.page_size]
        if text.isascii() and text.isdigit() and len(text) <= _LONGEST_KEY
    }
    return queryset.filter(pk__in=keys)


def is_all(request: HttpRequest) -> bool:
    """Whether all that match were asked for, and not single rows."""
    return bool(request.GET.get(ALL))


def back_to(url: str, request: HttpRequest) -> str:
    """The list that the choice was made in, with its filters."""
    filters = QueryDict(request.GET.get(FILTERS, "")[:_LONGEST_FILTERS]).urlencode()
    return f"{url}?{filters}" if filters else url
