"""What gives pause about a file that was read in a dry run, before anything is written.

A wrong file, a wrong column and a wrong unit all parse. What betrays them is that the figures
do not fit the carrier's lines and plans. A warning is a code with figures; the words stand in
usage.import_words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from usage.carrier_files import Rejected
from usage.column_guesses import role_by_name, unit_in
from usage.import_profile import Profile, busy, middle
from usage.models import Carrier, LinePlan, LineState, Plan, UsageFile, UsageImport

TIMES_CAP = 10
"""A line in the middle that used so many times its cap in a month: the unit is too large."""
PART_OF_CAP = 0.005
"""Nine of ten lines below this part of their cap in a month: the unit is too small."""
LARGE_MONTH, SMALL_MONTH = 10**12, 10**6
"""The same without caps to go by, in bytes."""


@dataclass(frozen=True)
class Warning:
    """`facts` are JSON-ready: volumes in bytes, shares in whole percent."""

    code: str
    facts: dict[str, Any]


@dataclass
class Findings:
    """What a dry run collected. `reasons` counts rejected rows by (column, sentence).

    `unmatched` are the first names of lines that the carrier does not have.
    """

    profile: Profile
    reasons: Counter[tuple[str, str]]
    shown: list[Rejected]
    unmatched: list[str]


def warnings_about(
    *, usage_import: UsageImport, counts: dict[str, int], sha256: str, findings: Findings
) -> list[Warning]:
    """Everything that gives pause, the weightiest first. Empty: it looks as it should.

    `sha256` is that of the content, of a spreadsheet that of the sheet.
    """
    return [
        *_about_rows(usage_import, counts, findings),
        *_about_columns(usage_import, findings.profile),
        *_about_volumes(usage_import.carrier, findings.profile),
        *_about_lines(usage_import.carrier, counts, findings.profile),
        *_about_history(usage_import, sha256),
    ]


def _about_rows(
    usage_import: UsageImport, counts: dict[str, int], findings: Findings
) -> Iterator[Warning]:
    rows, taken = counts["rows"], counts["accepted"] + counts["duplicate"]
    if not taken:
        yield Warning("nothing_to_take", {})
    unmatched, rejected = counts["unmatched"], counts["rejected"]
    if unmatched * 2 > rows - rejected > 0:
        yield Warning(
            "mostly_unmatched",
            {
                "percent": _percent(unmatched, rows - rejected),
                "column": usage_import.options["line_column"],
                "carrier": usage_import.carrier.name,
                "examples": ", ".join(findings.unmatched),
            },
        )
    if rejected * 5 > rows:
        (column, sentence), count = findings.reasons.most_common(1)[0]
        yield Warning(
            "many_rejected",
            {
                "percent": _percent(rejected, rows),
                "count": count,
                "column": column,
                "reason": sentence,
            },
        )


def _about_columns(usage_import: UsageImport, profile: Profile) -> Iterator[Warning]:
    options = usage_import.options
    column, unit = options["volume_column"], options["unit"]
    stated = unit_in(column)
    if stated and stated != unit:
        yield Warning("unit_differs", {"column": column, "stated": stated, "unit": unit})
    role = role_by_name(column)
    if role not in {None, "volume"}:
        yield Warning("column_of_another_kind", {"column": column, "role": role})
    if profile.rows and profile.empty_rows == profile.rows:
        yield Warning("all_empty", {"column": column})
    if profile.rows > 20 and profile.first_at == profile.last_at:
        yield Warning("one_time", {"column": options["time_column"]})
    if not options["country_column"] and not options["roaming_column"]:
        yield Warning("no_country", {"country": usage_import.carrier.country})


def _about_volumes(carrier: Carrier, profile: Profile) -> Iterator[Warning]:
    if profile.empty_rows == profile.rows:
        return
    caps = _caps(carrier, profile)
    at_most, at_least = profile.monthly_at_most(), profile.monthly_at_least()
    usual = middle(list(at_least.values()))
    facts = {"volume": int(usual), "days": round(profile.days)}
    if caps:
        cap = int(middle(list(caps.values())))
        ratio = middle([at_least[key] / caps[key] for key in caps])
        if ratio > TIMES_CAP:
            yield Warning("too_large", {**facts, "times": round(ratio), "cap": cap})
        busiest = busy([at_most[key] / caps[key] for key in caps])
        if busiest < PART_OF_CAP:
            volume = int(busy([at_most[key] for key in caps]))
            yield Warning("too_small", {"volume": volume, "cap": cap})
    elif usual > LARGE_MONTH:
        yield Warning("large_without_cap", facts)
    elif (volume := busy(list(at_most.values()))) < SMALL_MONTH:
        yield Warning("small_without_cap", {"volume": int(volume)})


def _caps(carrier: Carrier, profile: Profile) -> dict[str, int]:
    """Caps by line key, at home and abroad together; lines without a cap are left out."""
    links = LinePlan.objects.open().filter(
        line__carrier=carrier, line__state=LineState.ACTIVE, plan__domestic_cap__gt=0
    )
    rows = links.values_list("line_id", "plan__domestic_cap", "plan__roaming_cap")
    of_line = {line: home + (abroad or 0) for line, home, abroad in rows}
    plan = Plan.objects.filter(carrier=carrier, is_default=True).first()
    of_new = (plan.domestic_cap or 0) + (plan.roaming_cap or 0) if plan else 0
    caps = {
        key: of_line.get(profile.line_ids[key], 0) if key in profile.line_ids else of_new
        for key in profile.bytes_of
    }
    return {key: cap for key, cap in caps.items() if cap}


def _about_lines(carrier: Carrier, counts: dict[str, int], profile: Profile) -> Iterator[Warning]:
    created = counts["lines_created"]
    if not created:
        return
    existing = carrier.lines.filter(state=LineState.ACTIVE).count()
    facts = {"count": created, "existing": existing, "carrier": carrier.name}
    if existing and created > max(10, existing // 4):
        yield Warning("many_new_lines", facts)
    if not existing:
        yield Warning("first_lines", facts)


def _about_history(usage_import: UsageImport, sha256: str) -> Iterator[Warning]:
    known = UsageFile.objects.filter(sha256=sha256).select_related("carrier")
    for file in known:
        if file.carrier_id != usage_import.carrier_id:
            yield Warning("of_another_carrier", {"carrier": file.carrier.name})
        elif file.finished_at:
            yield Warning("imported_before", {"at": file.finished_at.isoformat()})


def _percent(part: int, whole: int) -> int:
    return part * 100 // whole
