"""Which page of an enrolment comes next, and for how long one may take over it.

The page follows from what was done, never from what a browser says it shows; so the back button,
a second press and an old tab all lead to the page that is due. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
TRIES = 5
LASTS = timedelta(hours=1)
"""From the first page to Finish."""
TOKEN_SHOWN_FOR = timedelta(minutes=15)


class Step(StrEnum):
    """The pages after the first, in their order."""

    LINE = "line"
    CODE = "code"
    CATEGORY = "category"
    FINISH = "finish"
    DONE = "done"


@dataclass(frozen=True)
class Progress:
    """What was done of an enrolment, and when; `has_number`: one was typed, or chosen."""

    started_at: datetime
    has_number: bool = True
    proven_at: datetime | None = None
    category_at: datetime | None = None
    finished_at: datetime | None = None


def step_of(progress: Progress) -> Step:
    """The page that is due."""
    if progress.finished_at is not None:
        return Step.DONE
    if progress.proven_at is None:
        return Step.CODE if progress.has_number else Step.LINE
    return Step.FINISH if progress.category_at is not None else Step.CATEGORY


def state_of(progress: Progress, *, now: datetime) -> str:
    """`code_sent`, `proven`, `finished` or `given_up`."""
    if progress.finished_at is not None:
        return "finished"
    if is_over(progress, now=now):
        return "given_up"
    return "code_sent" if progress.proven_at is None else "proven"


def is_over(progress: Progress, *, now: datetime) -> bool:
    """Whether it is too late to go on; a finished enrolment is never over."""
    return progress.finished_at is None and now - progress.started_at > LASTS
