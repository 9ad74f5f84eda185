"""What a device agent reports: bytes of an interval, or counters as read, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from usage.carrier_files import UNKNOWN_ABROAD
from usage.countries import countries_of
from usage.queries.sample_lines import Key


@dataclass(frozen=True)
class Place:
    """Where a sample was taken, as far as the device told."""

    mcc: str = ""
    country: str = ""
    roaming: bool | None = None

    def in_country(self, home: str) -> str:
        """The country that the bytes count for: the device's own word on roaming goes first."""
        if self.roaming is False:
            return home
        known = self.country
        if not known and self.mcc:
            there = countries_of(self.mcc)
            known = home if home in there else there[0] if there else ""
        if self.roaming and known in {"", home}:
            return UNKNOWN_ABROAD
        return known or home


@dataclass(frozen=True)
class IntervalSample:
    """Bytes used from `started_at` on; they belong to the day on which it began.

    They are those of `line`, or of the line whose SIM carries the data of `device`.
    """

    key: UUID
    line: Key | None
    started_at: datetime
    ended_at: datetime | None
    volume: int
    place: Place
    device: Key | None = None


@dataclass(frozen=True)
class CounterSample:
    """A device's counters as read; of `line`, else of the line whose SIM carries its data."""

    key: UUID
    device: Key
    line: Key | None
    sampled_at: datetime
    boot_id: str
    interface: str
    bits: int
    counter_in: int
    counter_out: int
    place: Place
