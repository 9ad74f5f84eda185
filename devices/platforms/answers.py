"""What an answer comes down to, whatever the platform."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_ERROR = 500


@dataclass(frozen=True)
class Answer:
    """`status` is a CommandStatus value; `observed` is set where the answer proves the state:
    of Knox's switches, or of Apple's profile of rules; `data_roaming` where it proves Apple's
    setting.

    `error` may quote what a device sent, so it is made fit for the database here: no control
    characters, no halves of surrogate pairs, and not without end.
    """

    status: str
    observed: frozenset[str] | None = None
    data_roaming: bool | None = None
    error: str = ""

    def __post_init__(self) -> None:
        plain = "".join(
            mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}"
            for mark in self.error[:LONGEST_ERROR]
        )
        object.__setattr__(self, "error", plain)
