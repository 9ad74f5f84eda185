"""The gate: whether a signal is executed. Pure.

Both switches must be on. A signal is never lost: what is not executed is kept with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

PROCESSED, IGNORED, HELD, DUPLICATE = "processed", "ignored", "held", "duplicate"


@dataclass(frozen=True)
class Passage:
    """The outcome of a signal and the key of its sentence (common.sentences)."""

    outcome: str
    reason: str = ""


def judge(
    *,
    lets_through: bool,
    portal_enabled: bool,
    has_device: bool,
    carries_data: bool,
    is_duplicate: bool,
) -> Passage:
    """Judge one signal by the connector's state and by where the line's SIM is."""
    if is_duplicate:
        return Passage(DUPLICATE, "signal_seen_before")
    if not lets_through:
        return Passage(IGNORED, "connector_not_active" if portal_enabled else "portal_switched_off")
    if not has_device:
        return Passage(HELD, "line_without_device")
    if not carries_data:
        return Passage(HELD, "not_the_data_sim")
    return Passage(PROCESSED)
