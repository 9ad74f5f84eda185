"""A policy as somebody is editing it: nothing of it holds before it is saved.

The draft travels with the form as JSON, so that every step works without script and two windows
do not disturb each other. It is read back with suspicion: what does not fit is a BadDraft.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

MOST_PRODUCTS = 5
MOST_GROUPS = 50


class BadDraft(ValueError):
    """The text is no draft."""


@dataclass(frozen=True)
class DraftProduct:
    """A product by its key; `off` are the names of the service plans that stay off."""

    product: int
    off: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """Products in the order of their use: the first is the primary one, the others back it up."""

    name: str = ""
    app: int | None = None
    enabled: bool = True
    products: tuple[DraftProduct, ...] = ()
    reserve: int = 0
    daily_cap: int | None = None
    default_country: str = ""
    included: tuple[str, ...] = field(default=())
    excluded: tuple[str, ...] = field(default=())

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @property
    def keys(self) -> list[int]:
        return [row.product for row in self.products]

    def with_products(self, keys: list[int]) -> Draft:
        """These products in this order, each with the services it had."""
        known = {row.product: row for row in self.products}
        rows = tuple(known.get(key, DraftProduct(key)) for key in keys)
        return replace(self, products=rows)

    def with_off(self, product: int, off: set[str]) -> Draft:
        rows = tuple(
            DraftProduct(row.product, tuple(sorted(off))) if row.product == product else row
            for row in self.products
        )
        return replace(self, products=rows)

    def moved(self, chosen: set[int], *, by: int) -> Draft:
        """The chosen products one place up (-1) or down (+1), as a block keeps its order."""
        rows = list(self.products)
        places = range(len(rows)) if by < 0 else range(len(rows) - 1, -1, -1)
        for place in places:
            other = place + by
            if (
                rows[place].product in chosen
                and 0 <= other < len(rows)
                and rows[other].product not in chosen
            ):
                rows[place], rows[other] = rows[other], rows[place]
        return replace(self, products=tuple(rows))


def draft_from(text: str) -> Draft:
    """The draft of a form's field. Raises BadDraft."""
    try:
        data = json.loads(text[:100_000])
        return Draft(
            name=_text(data["name"], 80),
            app=_whole(data["app"]),
            enabled=data["enabled"] is True,
            products=tuple(_product(row) for row in _list(data["products"], MOST_PRODUCTS + 1)),
            reserve=_whole(data["reserve"]) or 0,
            daily_cap=_whole(data["daily_cap"]),
            default_country=_text(data["default_country"], 2),
            included=tuple(_text(row, 64) for row in _list(data["included"], MOST_GROUPS)),
            excluded=tuple(_text(row, 64) for row in _list(data["excluded"], MOST_GROUPS)),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as bad:
        raise BadDraft("This is not a draft of a policy.") from bad


def _product(row: Any) -> DraftProduct:
    product = _whole(row["product"])
    if product is None:
        raise ValueError
    return DraftProduct(product, tuple(_text(name, 100) for name in _list(row["off"], 500)))


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError
    return value


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise ValueError
    value.encode()  # half a surrogate is no text
    return value


def _whole(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise ValueError
    return value
