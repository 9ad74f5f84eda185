"""What connectors asks of the app above it: the lines, which it does not know.

usage registers its adapter when it is ready.
"""

from __future__ import annotations

from typing import Protocol


class Lines(Protocol):
    """The tenant's lines, seen from a connector."""

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
