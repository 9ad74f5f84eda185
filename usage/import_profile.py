"""What a dry run has seen of a file, so that it can be judged before anything is written.

Grows with the number of lines, not of rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, quantiles

DAY = 86_400
MONTH_DAYS = 30
SHOWN_ROWS = 5


@dataclass
class Profile:
    """Bytes per line (by its key), the span of times, and the first rows as they would count.

    `line_ids` holds the lines that exist; a key without one would be added.
    """

    bytes_of: dict[str, int] = field(default_factory=dict)
    line_ids: dict[str, int] = field(default_factory=dict)
    first_at: float | None = None
    last_at: float | None = None
    rows: int = 0
    empty_rows: int = 0
    shown: list[dict[str, object]] = field(default_factory=list)

    def take(self, *, key: str, line_id: int | None, at: float, country: str, volume: int) -> None:
        """One row that would be counted (or was before)."""
        self.rows += 1
        self.empty_rows += volume == 0
        self.bytes_of[key] = self.bytes_of.get(key, 0) + volume
        if line_id is not None:
            self.line_ids[key] = line_id
        if self.first_at is None or at < self.first_at:
            self.first_at = at
        if self.last_at is None or at > self.last_at:
            self.last_at = at
        if len(self.shown) < SHOWN_ROWS:
            self.shown.append({"line": key, "at": at, "country": country, "volume": volume})

    @property
    def days(self) -> float:
        """Days from the first row to the last; an hour at least."""
        if self.first_at is None or self.last_at is None:
            return 1.0
        return max(1 / 24, (self.last_at - self.first_at) / DAY)

    def monthly_at_least(self) -> dict[str, float]:
        """Bytes per line in 30 days; a file of less is taken as if nothing more would come."""
        return self._scaled(max(1.0, self.days / MONTH_DAYS))

    def monthly_at_most(self) -> dict[str, float]:
        """Bytes per line in 30 days, if it went on as in the file."""
        return self._scaled(self.days / MONTH_DAYS)

    def _scaled(self, months: float) -> dict[str, float]:
        return {key: volume / months for key, volume in self.bytes_of.items()}


def middle(values: list[float]) -> float:
    """The value in the middle; 0 without any."""
    return median(values) if values else 0.0


def busy(values: list[float]) -> float:
    """What nine of ten stay below; 0 without any."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return quantiles(values, n=10, method="inclusive")[8]
