"""Lists whose rows are sums: a statement groups, orders and cuts them, and no model stands behind.

Filters, sorting, pages and addresses are those of common.tables; only how a page is fetched
differs. The rows of a page and how many there are in all come from one reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.functional import cached_property

from common.tables import Table, TableView


@dataclass(frozen=True)
class Asked:
    """What a reading shall give: filters that are in order, and rows `start` to `start + wanted`.

    `order` is a column's key; `wanted` None is all of them.
    """

    filters: Mapping[str, Any]
    order: str
    descending: bool
    start: int = 0
    wanted: int | None = None


@dataclass(frozen=True)
class Figures:
    """Rows of a reading, how many there are in all, and what the reading says of all of them."""

    rows: Sequence[Any]
    count: int
    totals: Mapping[str, int] = field(default_factory=dict)


UNSET = (None, "")
Read = Callable[[Asked], Figures]


class FiguresView(TableView):
    """One page of sums. Nothing is read before `rows`, `figures` or a count is looked at."""

    def __init__(self, *, table: Table, request: HttpRequest, read: Read) -> None:
        assert table.filters is not None
        model = table.filters._meta.model
        super().__init__(table=table, request=request, base=model._default_manager.none())
        self._read = read

    @cached_property
    def asked(self) -> Asked:
        """The filters and the order in use, without a place; what is not in order is left out."""
        form = self.filter_form
        form.is_valid()  # what is not valid is not among the cleaned data
        filters = {name: value for name, value in form.cleaned_data.items() if value not in UNSET}
        return Asked(
            filters=filters,
            order=self.sort.removeprefix("-"),
            descending=self.sort.startswith("-"),
        )

    def _page(self, number: int) -> Figures:
        size, asked = self.table.page_size, self.asked
        return self._read(
            Asked(asked.filters, asked.order, asked.descending, (number - 1) * size, size)
        )

    @cached_property
    def _found(self) -> tuple[int, Figures]:
        number = self._page_asked()
        found = self._page(number)
        if not found.rows and number > 1:  # beyond the end: only the first page knows the count
            number = max(1, -(-self._page(1).count // self.table.page_size))
            found = self._page(number)
        return number, found

    @property
    def figures(self) -> Figures:
        return self._found[1]

    @cached_property
    def _fetched(self) -> tuple[int, list[Any], bool]:
        number, found = self._found
        return number, list(found.rows), number * self.table.page_size < found.count

    @property
    def count(self) -> int:  # type: ignore[override] - known with the rows
        return self.figures.count

    @property
    def count_is_capped(self) -> bool:
        return False


@dataclass(frozen=True)
class FiguresTable(Table):
    """A table whose rows a reading gives; its columns sort by their keys."""

    def figures(self, request: HttpRequest, read: Read) -> FiguresView:
        """The page that the request asks for, read by `read`."""
        return FiguresView(table=self, request=request, read=read)
