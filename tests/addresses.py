"""Every address of the portal, read from the resolver, for tests that walk all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from common.permissions import Permission


@dataclass(frozen=True)
class Address:
    """One routed view: its full name (`usage:line`), its parameters, its function."""

    name: str
    route: str
    parameters: frozenset[str]
    view: Callable[..., Any] = field(compare=False)

    def __str__(self) -> str:
        return self.name or self.route

    @property
    def of_tenant(self) -> bool:
        return "tenant_slug" in self.parameters

    @property
    def objects(self) -> frozenset[str]:
        """The parameters that name objects inside the tenant."""
        return self.parameters - {"tenant_slug"}

    @property
    def permission(self) -> Permission | None:
        return getattr(self.view, "required_permission", None)

    @property
    def is_public(self) -> bool:
        return not getattr(self.view, "login_required", True)

    @property
    def is_for_operators(self) -> bool:
        return getattr(self.view, "for_operators", False)

    def url(self, **parameters: Any) -> str:
        return reverse(self.name, kwargs=parameters)


@cache
def every_address() -> tuple[Address, ...]:
    return tuple(_walk(get_resolver().url_patterns, "", (), frozenset()))


def _walk(
    patterns: list[Any], route: str, spaces: tuple[str, ...], parameters: frozenset[str]
) -> Iterator[Address]:
    for pattern in patterns:
        here = route + str(pattern.pattern)
        taken = parameters | _parameters(pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _walk(pattern.url_patterns, here, inner, taken)
        else:
            name = ":".join([*spaces, pattern.name]) if pattern.name else ""
            yield Address(name=name, route=here, parameters=taken, view=pattern.callback)


def _parameters(pattern: URLPattern | URLResolver) -> frozenset[str]:
    return frozenset(re.findall(r"\(\?P<(\w+)>", pattern.pattern.regex.pattern))
