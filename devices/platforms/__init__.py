"""Command formats, one module per family of platforms.

Each renders a planned step into the exact bytes for the wire and reads the answer's bytes. A
gateway only carries bytes, so the simulator and a real server get the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from devices.plan import Order
from devices.platforms import apple, knox
from devices.platforms.answers import Answer


@dataclass(frozen=True)
class Rendered:
    """`kind` is the RequestType (Apple) or the command type (Knox agent)."""

    kind: str
    payload: bytes


class PlatformFormat(Protocol):
    """What a module of this package offers."""

    def render(
        self,
        *,
        step: Order,
        device_id: int,
        command_id: UUID,
        now: datetime,
        expires_at: datetime | None,
    ) -> tuple[str, bytes]: ...

    def read_answer(self, *, kind: str, payload: bytes, raw: bytes) -> Answer: ...


FORMATS: dict[str, PlatformFormat] = {"ios": apple, "ipados": apple, "knox": knox}


def render(
    *,
    platform: str,
    step: Order,
    device_id: int,
    command_id: UUID,
    now: datetime,
    expires_at: datetime | None = None,
) -> Rendered:
    """The command for a supported platform; one that expires says so where the format can."""
    kind, payload = FORMATS[platform].render(
        step=step, device_id=device_id, command_id=command_id, now=now, expires_at=expires_at
    )
    return Rendered(kind, payload)


def read_answer(*, platform: str, kind: str, payload: bytes, raw: bytes) -> Answer:
    """What a device's answer to the command `payload` says."""
    return FORMATS[platform].read_answer(kind=kind, payload=payload, raw=raw)
