"""Alerts as a page shows them: with their sentence and with the name of what they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from alerts.models import Alert
from alerts.ports import Subject, subjects
from common.sentences import sentence


@dataclass(frozen=True)
class Told:
    """An alert's sentence in the reader's language, and its subject where that is known."""

    sentence: str
    subject: Subject | None


def alerts_on_record() -> QuerySet[Alert]:
    """All alerts of the tenant in scope, with who acknowledged them."""
    return Alert.objects.select_related("acknowledged_by")


def told(*, alerts: Sequence[Alert]) -> dict[int, Told]:
    """What to say of each alert, by its id: one query for each kind of subject among them."""
    ids: dict[str, set[int]] = defaultdict(set)
    for alert in alerts:
        ids[alert.subject_type].add(alert.subject_id)
    known = {kind: found.named(ids=ids[kind]) for kind, found in subjects().items() if ids[kind]}
    return {
        alert.pk: Told(
            sentence=sentence(alert.reason, alert.facts),
            subject=known.get(alert.subject_type, {}).get(alert.subject_id),
        )
        for alert in alerts
    }
