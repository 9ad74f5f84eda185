"""What a timeline shows: things that happened, each with its time and a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from common.statuses import Tone


@dataclass(frozen=True)
class TimelineEntry:
    """One step. `kind` is its word (Usage, Alert, Signal...), `facts` are (name, value) pairs.

    `by` is the person who did it, if a person did.
    """

    time: datetime
    kind: str
    sentence: str
    icon: str = "circle"
    tone: Tone = "neutral"
    by: str = ""
    facts: tuple[tuple[str, str], ...] = field(default=())
