"""Samples of device agents on their way into the queue of unmatched usage, and out of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from usage.actions.sample_kinds import CounterSample, IntervalSample, Place
from usage.models import UnmatchedRow
from usage.queries.line_keys import normal_key
from usage.workers.unmatched import Unmatched

_COUNTER = ("boot_id", "interface", "bits", "counter_in", "counter_out")


def waiting(sample: IntervalSample | CounterSample, *, home_country: str) -> Unmatched:
    """The sample as the queue keeps it: under its line's number, else under its device's."""
    kind, value = sample.line or sample.device or ("reference", "")
    if sample.line:
        value = normal_key(value, kind=kind, country=home_country)
    kept: dict[str, Any] = {"place": asdict(sample.place)}
    if isinstance(sample, IntervalSample):
        at, volume = sample.started_at, sample.volume
        kept["ended_at"] = sample.ended_at.isoformat() if sample.ended_at else None
    else:
        at, volume = sample.sampled_at, 0
        kept["device"] = list(sample.device)
        kept |= {name: getattr(sample, name) for name in _COUNTER}
    return Unmatched(
        kind=kind,
        value=value,
        at=at.timestamp(),
        key=sample.key,
        country="",
        volume=volume,
        sample=kept,
    )


def sample_of(row: UnmatchedRow) -> IntervalSample | CounterSample:
    """The sample that was kept, without the line it named."""
    kept = row.sample
    place = Place(**kept["place"])
    if "interface" not in kept:
        ended = kept["ended_at"]
        return IntervalSample(
            key=row.key,
            line=None,
            started_at=row.started_at,
            ended_at=datetime.fromisoformat(ended) if ended else None,
            volume=row.volume,
            place=place,
        )
    kind, value = kept["device"]
    return CounterSample(
        key=row.key,
        device=(kind, value),
        line=None,
        sampled_at=row.started_at,
        place=place,
        **{name: kept[name] for name in _COUNTER},
    )
