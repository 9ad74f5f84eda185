"""What connectors asks of the apps above it: the lines, which it does not know, and what to try.

usage registers its adapter when it is ready, and so does sandbox where it is set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from alerts.ports import Subject


class BadLineKey(ValueError):
    """A text that no line can be called by; the message is a sentence."""


@dataclass(frozen=True)
class LinePlace:
    """Where a line is: the device its SIM is in, and whether that SIM carries the device's data."""

    line_id: int
    device_id: int | None
    carries_data: bool
    cycle_ends_at: datetime
    is_active: bool = True


@dataclass(frozen=True)
class LineMatches:
    """Active lines by what a device says, each as it was said."""

    by_phone: dict[str, int]
    by_iccid: dict[str, int]
    by_imei: dict[str, int]


@dataclass(frozen=True)
class LineSeat:
    """The SIM of a line, the device it is in, and whether somebody holds the line."""

    line_id: int
    sim_id: int
    iccid: str
    device_id: int | None
    has_holder: bool


class Lines(Protocol):
    """The tenant's lines, seen from a connector."""

    def named(self, *, ids: Collection[int]) -> dict[int, Subject]:
        """What the lines of these ids are called, and where they are shown."""
        ...

    def matching(self, *, text: str, country: str) -> Any:
        """A query for the ids of lines that fit what a person typed."""
        ...

    def find(self, *, kind: str, value: str, now: datetime) -> LinePlace | None:
        """The active line with that `msisdn` or `iccid`. Raises BadLineKey."""
        ...

    def of_device(self, *, device_id: int, now: datetime) -> LinePlace | None:
        """The line whose SIM carries the device's data."""
        ...

    def matches(
        self, *, phones: Collection[str], iccids: Collection[str], imeis: Collection[str]
    ) -> LineMatches:
        """The lines that these numbers name; what names none, or is no number, is left out."""
        ...

    def seats(self, *, ids: Collection[int]) -> dict[int, LineSeat]:
        """Where the SIMs of these lines are, of those that are active."""
        ...

    def learn(self, *, iccids: Mapping[int, str], now: datetime) -> None:
        """Lines (by id) whose SIM had no number have these ICCIDs."""
        ...

    def give_holders(self, *, people: Mapping[int, int], now: datetime) -> int:
        """People (values) hold these lines (keys) if nobody does; returns how many lines."""
        ...

    def make_all_due(self) -> None:
        """Judge every line of the tenant in scope afresh."""
        ...


_lines: list[Lines] = []


def register_lines(adapter: Lines) -> None:
    """Called once, by the app that knows lines."""
    _lines[:] = [adapter]


def lines() -> Lines:
    """The registered adapter; IndexError if the app that has lines is not installed."""
    return _lines[0]


@dataclass(frozen=True)
class ExampleDirectory:
    """A Microsoft tenant that anybody may connect to."""

    name: str
    domain: str


_examples: list[Callable[[], list[ExampleDirectory]]] = []


def register_example_directories(find: Callable[[], list[ExampleDirectory]]) -> None:
    """Called once, by the app that has some."""
    _examples[:] = [find]


def example_directories() -> list[ExampleDirectory]:
    """Microsoft tenants to try it with; none outside a sandbox."""
    return _examples[0]() if _examples else []
