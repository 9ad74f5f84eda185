"""What the apps above tell of the things that alerts are about.

An alert names its subject by kind and number. The app that owns the kind registers a resolver
when it starts (usage for lines, in its AppConfig); alerts itself knows none of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from common.permissions import Permission


@dataclass(frozen=True)
class Subject:
    """What a subject is called, and where it is shown: the name of an address that takes `pk`.

    `permission` is what that page asks for, where not everybody who sees alerts has it.
    """

    label: str
    page: str
    permission: Permission | None = None


class Subjects(Protocol):
    """The subjects of one kind, in the tenant in scope."""

    def named(self, *, ids: Collection[int]) -> dict[int, Subject]:
        """The subjects of these ids; ids that are unknown are left out."""
        ...

    def matching(self, *, text: str, country: str) -> Any:
        """Ids (a list or a query) of subjects that fit what a person typed."""
        ...


_kinds: dict[str, Subjects] = {}


def register_subjects(kind: str, subjects: Subjects) -> None:
    """Make a kind of subject known."""
    _kinds[kind] = subjects


def subjects() -> dict[str, Subjects]:
    """Every kind that is known."""
    return dict(_kinds)
