"""The gate: whether a signal is executed. Pure.

The connector must be set up and both switches on. A signal is never lost: what is not executed
is kept with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

PROCESSED, IGNORED, HELD = "processed", "ignored", "held"
REJECTED, DUPLICATE = "rejected", "duplicate"


@dataclass(frozen=True)
class Passage:
    """The outcome of a signal and the key of its sentence (common.sentences)."""

    outcome: str
    reason: str = ""


def judge(
    *,
    is_set_up: bool = True,
    lets_through: bool,
    portal_enabled: bool,
    unknown: str = "",
    is_outdated: bool = False,
    has_device: bool,
    carries_data: bool,
    is_duplicate: bool,
) -> Passage:
    """Judge one signal by the connector's state and by where the line's SIM is.

    `unknown` is the reason why what the signal is about could not be found; `is_outdated` says
    that a later signal about the same was executed before this one came.
    """
    if is_duplicate:
        return Passage(DUPLICATE, "signal_seen_before")
    if not is_set_up:
        return Passage(REJECTED, "connector_not_set_up")
    if not lets_through:
        return Passage(IGNORED, "connector_not_active" if portal_enabled else "portal_switched_off")
    if unknown:
        return Passage(REJECTED, unknown)
    if is_outdated:
        return Passage(IGNORED, "signal_outdated")
    if not has_device:
        return Passage(HELD, "line_without_device")
    if not carries_data:
        return Passage(HELD, "not_the_data_sim")
    return Passage(PROCESSED)
