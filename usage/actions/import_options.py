"""The options of an import as JSON, between the form, the row and the job."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from usage.actions.import_rows import Options
from usage.dialects import Layout

_LAYOUT = (
    "line_column", "volume_column", "unit", "time_column", "country_column", "roaming_column",
    "decimal_comma", "day_first",
)  # fmt: skip
_OPTIONS = ("line_key", "create_lines", "shift_to_now")
_LATER = {"sheet": ""}
"""Options that older imports were kept without, with what they meant."""


def to_json(options: Options) -> dict[str, Any]:
    """What `options_of` reads back."""
    return {
        **{name: getattr(options.layout, name) for name in _LAYOUT},
        **{name: getattr(options, name) for name in (*_OPTIONS, *_LATER)},
        "zone": options.layout.zone.key,
    }


def options_of(kept: dict[str, Any], *, dry_run: bool) -> Options:
    """The options of a real run, or those of a dry one."""
    layout = Layout(zone=ZoneInfo(kept["zone"]), **{name: kept[name] for name in _LAYOUT})
    said = _LATER | {name: kept[name] for name in (*_OPTIONS, *_LATER) if name in kept}
    return Options(layout=layout, dry_run=dry_run, **said)
