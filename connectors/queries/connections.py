"""A connection as its page shows it: the rows of its validation, and the consents beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from common.sentences import sentence
from connectors.models import (
    Check,
    CheckName,
    CheckState,
    Connector,
    Consent,
    ConsentState,
    Purpose,
)
from connectors.models.check import FORMERLY
from jobs.models import Job, JobState


@dataclass(frozen=True)
class Row:
    """One check: its name, what older pages call it, and what it found."""

    label: str
    formerly: str
    state: str
    sentence: str
    reference: str


def rows_of(*, connector: Connector) -> list[Row]:
    """The four rows, in order; empty before the first validation."""
    known = {check.name: check for check in Check.objects.filter(connector=connector)}
    if not known:
        return []
    return [_row(name, known.get(name)) for name in CheckName]


def _row(name: CheckName, check: Check | None) -> Row:
    return Row(
        label=str(name.label),
        formerly=str(FORMERLY.get(name, "")),
        state=check.state if check else CheckState.WAITING,
        sentence=sentence(check.reason, check.facts) if check else "",
        reference=check.reference if check else "",
    )


def is_waiting(rows: list[Row]) -> bool:
    return any(row.state == CheckState.WAITING for row in rows)


@dataclass(frozen=True)
class FurtherConsent:
    """One of the two consents beside the connection."""

    purpose: str
    state: str
    sentence: str
    reference: str
    url: str

    @property
    def is_on(self) -> bool:
        return self.state != ConsentState.OFF

    @property
    def part(self) -> str:
        return f"consent-{self.purpose}"


def consents_of(*, connector: Connector, address: Callable[[str], str]) -> list[FurtherConsent]:
    """The two, given or not; `address` gives the page of a purpose."""
    known = {consent.purpose: consent for consent in Consent.objects.filter(connector=connector)}
    found = []
    for purpose in (Purpose.TEM_APP, Purpose.MDM_PROFILES):
        consent = known.get(purpose)
        found.append(
            FurtherConsent(
                purpose=purpose.value,
                state=consent.state if consent else ConsentState.OFF,
                sentence=sentence(consent.reason) if consent else "",
                reference=consent.reference if consent else "",
                url=address(purpose.value),
            )
        )
    return found


def last_sync(*, connector: Connector) -> datetime | None:
    """When the inventory was last read to its end."""
    done = Job.objects.filter(
        kind="connectors.inventory", key=str(connector.pk), state=JobState.DONE
    )
    return done.order_by("-pk").values_list("finished_at", flat=True).first()
