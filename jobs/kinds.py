"""What kinds of long work there are. Apps register theirs when they are ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.runs import Run


WORK = "jobs.tasks.work_off"
"""The task that works jobs off; nudged when one is made."""


class JobFailed(Exception):
    """The work cannot be done, and trying again would not help. The message is for the screen."""


@dataclass(frozen=True)
class Kind:
    """`work` does the job of a Run, in the tenant's scope and from its checkpoint on.

    It returns the result (JSON-ready), or None when it has finished the run itself, in the
    transaction of its last step. It may be called again after any of its steps.
    """

    name: str
    work: Callable[[Run], dict[str, Any] | None]


class UnknownKind(LookupError):
    """A job's kind is not registered: it was written by another version of the portal."""


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known; the name is its identity."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> Kind:
    """The registered kind; raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None
