"""The sentences of what gives pause about a file, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common import wording
from common.retelling import retold

SENTENCES = {
    "nothing_to_take": _("No row of this file can be counted with these answers."),
    "mostly_unmatched": _(
        "%(percent)s%% of the rows name lines that %(carrier)s does not have (%(examples)s). Is "
        "“%(column)s” the column of the line, is it the kind of number you chose, and is the file "
        "of this carrier?"
    ),
    "many_rejected": _(
        "%(percent)s%% of the rows cannot be read; %(count)s of them: %(reason)s Is the right "
        "column chosen? (%(column)s)"
    ),
    "unit_differs": _(
        "The header “%(column)s” says %(stated)s, but you chose %(unit)s as the unit."
    ),
    "column_of_another_kind": _(
        "“%(column)s” does not sound like a volume of data. Is it the right column?"
    ),
    "all_empty": _("Every volume is zero. Is “%(column)s” the right column?"),
    "one_time": _(
        "All rows have the same time. Is “%(column)s” the time of use, or the date of an invoice?"
    ),
    "no_country": _(
        "No column tells where the data was used, so all of it counts as domestic (%(country)s)."
    ),
    "too_large": _(
        "With this unit the line in the middle used %(volume)s in a month, %(times)s times its cap "
        "of about %(cap)s. Is the unit too large?"
    ),
    "too_small": _(
        "With this unit nine of ten lines used less than %(volume)s in a month, of a cap of about "
        "%(cap)s. Is the unit too small?"
    ),
    "large_without_cap": _(
        "With this unit the line in the middle used %(volume)s in a month. Is the unit too large?"
    ),
    "small_without_cap": _(
        "With this unit nine of ten lines used less than %(volume)s in a month. Is the unit too "
        "small?"
    ),
    "many_new_lines": _(
        "%(count)s lines would be added; %(carrier)s has %(existing)s now. Is “Add unknown lines” "
        "what you want, and is this the right kind of number?"
    ),
    "first_lines": _("%(count)s lines would be added, the first ones of %(carrier)s."),
    "of_another_carrier": _("This very file was imported for another carrier: %(carrier)s."),
    "imported_before": _(
        "This very file was imported on %(at)s. Its rows are recognised and not counted twice."
    ),
}
NOTES = {"no_country", "first_lines", "imported_before"}
"""Good to know; everything else has to be confirmed before the import starts."""


@dataclass(frozen=True)
class Told:
    """A warning as the screen shows it."""

    code: str
    sentence: str
    is_note: bool


def told(warnings: list[tuple[str, dict[str, Any]]]) -> list[Told]:
    """The warnings of a check's result, in words."""
    return [
        Told(code, str(SENTENCES[code]) % _shown(facts), code in NOTES) for code, facts in warnings
    ]


def must_be_confirmed(warnings: list[tuple[str, dict[str, Any]]]) -> bool:
    """Whether any of a check's warnings is more than a note."""
    return any(code not in NOTES for code, _facts in warnings)


def _shown(facts: dict[str, Any]) -> dict[str, Any]:
    shown = dict(facts)
    for name in {"volume", "cap"} & facts.keys():
        shown[name] = wording.volume(facts[name])
    if "reason" in facts:
        shown["reason"] = retold(facts["reason"])
    if "at" in facts:
        shown["at"] = wording.moment(datetime.fromisoformat(facts["at"]))
    return shown
