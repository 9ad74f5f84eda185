"""Lists that stay fast and honest at 100,000 rows.

A `Table` says what may be sorted and filtered; nothing else in the query string has effect, and
bad values fall back instead of failing. Order always ends in the primary key, so that pages
neither repeat nor lose rows. Counting stops at COUNT_CAP: "10,000+" is told at once where the
exact figure would cost a walk over the whole table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise, cached_property

PAGE_SIZE = 50
COUNT_CAP = 10_000
_LONGEST_PAGE_NUMBER = 9


class Search(django_filters.CharFilter):
    """Free text over several look-ups, any of which may match."""

    def __init__(self, *lookups: str, **kwargs: Any) -> None:
        self.lookups = lookups
        super().__init__(max_length=100, **kwargs)
        self.extra["widget"] = self.extra.get("widget", django_filters.widgets.forms.TextInput)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        matches = Q()
        for lookup in self.lookups:
            matches |= Q(**{lookup: value})
        return qs.filter(matches)


@dataclass(frozen=True)
class Column:
    """A column's head. `order` names the model fields behind it; without any it cannot sort."""

    key: str
    label: str | Promise
    order: tuple[str, ...] = ()
    numeric: bool = False
    label_hidden: bool = False


@dataclass(frozen=True)
class Heading:
    """A column's head as the template prints it."""

    column: Column
    url: str
    direction: str

    @property
    def icon(self) -> str:
        icons = {"ascending": "arrow-up", "descending": "arrow-down"}
        return icons.get(self.direction, "chevrons-up-down")


@dataclass(frozen=True)
class Table:
    """What a list may do. `name` is its place on the page: the part is `<name>-table`.

    `sort` is the default, as it stands in the URL: a column's key, with `-` for descending.
    """

    name: str
    columns: tuple[Column, ...]
    sort: str
    filters: type[django_filters.FilterSet] | None = None
    page_size: int = PAGE_SIZE
    count_cap: int = COUNT_CAP
    _orders: dict[str, tuple[str, ...]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._orders.update({column.key: column.order for column in self.columns if column.order})
        if self.sort.removeprefix("-") not in self._orders:
            raise ValueError(f"Table {self.name!r} cannot sort by {self.sort!r}.")

    @property
    def part(self) -> str:
        return f"{self.name}-table"

    def view(self, request: HttpRequest, queryset: QuerySet[Any]) -> TableView:
        """The page of `queryset` that the request's query string asks for."""
        return TableView(table=self, request=request, base=queryset)


class TableView:
    """One page of a list. Nothing is queried before `rows` or a count is looked at."""

    def __init__(self, *, table: Table, request: HttpRequest, base: QuerySet[Any]) -> None:
        self.table = table
        self.id = table.part
        self._request = request
        self._base = base
        self.sort = self._sort_asked()

    # --- what was asked -----------------------------------------------------------------------

    def _sort_asked(self) -> str:
        asked = self._request.GET.get("sort", "")
        return asked if asked.removeprefix("-") in self.table._orders else self.table.sort

    def _page_asked(self) -> int:
        asked = self._request.GET.get("page", "")
        if not (asked.isascii() and asked.isdigit()):
            return 1
        return max(1, int(asked[:_LONGEST_PAGE_NUMBER]))

    @cached_property
    def filterset(self) -> django_filters.FilterSet | None:
        if self.table.filters is None:
            return None
        return self.table.filters(self._request.GET, queryset=self._base, request=self._request)

    @property
    def filter_form(self) -> Any:
        return self.filterset.form if self.filterset else None

    @cached_property
    def kept(self) -> list[tuple[str, str]]:
        """The filters in use, as name and text; unknown names are dropped."""
        if self.filterset is None:
            return []
        query = self._request.GET
        known = self.filterset.form.fields
        return [(name, text) for name in known for text in query.getlist(name) if text]

    @property
    def is_filtered(self) -> bool:
        return bool(self.kept)

    @property
    def kept_query(self) -> str:
        """The filters in use, as a query string."""
        return urlencode(self.kept)

    @property
    def is_paged(self) -> bool:
        """Whether there are rows on other pages than this one."""
        return self.has_next or self.number > 1

    # --- the rows -----------------------------------------------------------------------------

    @cached_property
    def _ordered(self) -> QuerySet[Any]:
        queryset = self._base if self.filterset is None else self.filterset.qs
        fields = self.table._orders[self.sort.removeprefix("-")]
        if self.sort.startswith("-"):
            fields = tuple(f.removeprefix("-") if f.startswith("-") else f"-{f}" for f in fields)
        return queryset.order_by(*fields, "-pk" if self.sort.startswith("-") else "pk")

    @cached_property
    def _fetched(self) -> tuple[int, list[Any], bool]:
        """Page number, its rows, and whether more follow."""
        size, number = self.table.page_size, self._page_asked()
        if number * size > self.table.count_cap:
            number = min(number, self._last_page)  # counting first: a far page must exist
        rows = self._slice(number)
        if not rows and number > 1:
            number = self._last_page
            rows = self._slice(number)
        return number, rows[:size], len(rows) > size

    def _slice(self, number: int) -> list[Any]:
        start = (number - 1) * self.table.page_size
        keys = self._ordered.values_list("pk", flat=True)
        return self._rows_of(list(keys[start : start + self.table.page_size + 1]))

    def _rows_of(self, keys: list[Any]) -> list[Any]:
        """The rows in the order of their keys. Found by key first, in a query of its own: else
        PostgreSQL joins and computes what only the skipped rows show, too.
        """
        found = self._base.in_bulk(keys)
        return [found[key] for key in keys if key in found]

    @cached_property
    def _exact_count(self) -> int:
        return self._ordered.order_by().values("pk").count()

    @property
    def _last_page(self) -> int:
        return max(1, -(-self._exact_count // self.table.page_size))

    @property
    def number(self) -> int:
        return self._fetched[0]

    @property
    def rows(self) -> list[Any]:
        """The rows of this page. A view may hang figures on them before rendering."""
        return self._fetched[1]

    @property
    def has_next(self) -> bool:
        return self._fetched[2]

    @property
    def first_index(self) -> int:
        return (self.number - 1) * self.table.page_size + 1 if self.rows else 0

    @property
    def last_index(self) -> int:
        return self.first_index + len(self.rows) - 1 if self.rows else 0

    @cached_property
    def count(self) -> int:
        """How many rows match, at most the cap (see `count_is_capped`)."""
        if not self.has_next:
            return self.last_index
        if "_exact_count" in self.__dict__:
            return self._exact_count
        counted = self._ordered.order_by().values("pk")[: self.table.count_cap + 1].count()
        return min(counted, self.table.count_cap)

    @property
    def count_is_capped(self) -> bool:
        exact = not self.has_next or "_exact_count" in self.__dict__
        return not exact and self.count >= self.table.count_cap

    # --- addresses ----------------------------------------------------------------------------

    def _url(self, *, sort: str | None = None, page: int = 1) -> str:
        query = list(self.kept)
        if (sort or self.sort) != self.table.sort:
            query.append(("sort", sort or self.sort))
        if page > 1:
            query.append(("page", str(page)))
        return f"{self._request.path}?{urlencode(query)}" if query else self._request.path

    @property
    def next_url(self) -> str:
        return self._url(page=self.number + 1) if self.has_next else ""

    @property
    def previous_url(self) -> str:
        return self._url(page=self.number - 1) if self.number > 1 else ""

    @property
    def plain_url(self) -> str:
        """The list without filters."""
        return self._request.path

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.table.columns]

    def _heading(self, column: Column) -> Heading:
        if not column.order:
            return Heading(column=column, url="", direction="")
        direction, target = "none", column.key
        if self.sort == column.key:
            direction, target = "ascending", f"-{column.key}"
        elif self.sort == f"-{column.key}":
            direction = "descending"
        return Heading(column=column, url=self._url(sort=target), direction=direction)
