"""What an answer comes down to, whatever the platform."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """`status` is a CommandStatus value; `observed` is set where the answer proves the state."""

    status: str
    observed: frozenset[str] | None = None
    error: str = ""
