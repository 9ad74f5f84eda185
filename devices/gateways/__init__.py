"""Gateways: the ways by which commands reach devices. Adding one is a folder and a line.

A gateway carries bytes and nothing else. It must be idempotent by command id: handing the same
command over twice, as happens after a crash, delivers it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Outgoing:
    """A command on its way out."""

    command_id: UUID
    device_id: int
    payload: bytes


class HandOver(StrEnum):
    """How handing over went. After UNKNOWN the portal looks before it tells again."""

    HANDED_OVER = "handed_over"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True)
class Result:
    outcome: HandOver
    error: str = ""


class Gateway(Protocol):
    """The seam. Answers come back through devices.actions.answers.record_answers()."""

    slug: str

    def hand_over(self, *, commands: Sequence[Outgoing], now: datetime) -> dict[UUID, Result]:
        """Give commands to the platform's queue; no transaction is open. One result for each."""
        ...

    def withdraw(self, *, command_ids: Iterable[UUID]) -> set[UUID]:
        """Take back what has not reached its device; returns those that now surely never will."""
        ...


_gateways: dict[str, Gateway] = {}


def register(gateway: Gateway) -> None:
    """Make a gateway known; called from an app's ready()."""
    _gateways[gateway.slug] = gateway


def gateway(slug: str) -> Gateway:
    """The gateway of that name; KeyError for one nobody registered."""
    return _gateways[slug]
