"""The auto-claim report as rows of an export, in the words of the language in use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from licensing.models import Claim
from licensing.queries.claims import plan_labels

_AT_ONCE = 2_000


def head(zone: ZoneInfo) -> list[str]:
    """The columns' names; times are told in the tenant's zone, which is named."""
    return [
        _("Time (%(zone)s)") % {"zone": zone.key},
        _("User"),
        _("User principal name"),
        _("Policy"),
        _("App"),
        _("Product"),
        _("Position"),
        _("Services off"),
        _("Result"),
        _("Reason"),
        _("Seat taken (%(zone)s)") % {"zone": zone.key},
        _("Assigned (%(zone)s)") % {"zone": zone.key},
        _("Further sign-ins"),
    ]


def rows(claims: QuerySet[Claim], zone: ZoneInfo) -> Iterator[list[Any]]:
    """One row for each claim, newest first, read as they are sent."""
    labels = plan_labels()
    for claim in claims.order_by("-signed_in_at", "-pk").iterator(chunk_size=_AT_ONCE):
        yield [
            _at(claim.signed_in_at, zone),
            claim.person,
            claim.upn,
            claim.policy_name,
            claim.app.name,
            claim.product_name,
            claim.place,
            ", ".join(labels.get(name, name) for name in claim.off),
            claim.get_state_display(),
            claim.sentence,
            _at(claim.claimed_at, zone),
            _at(claim.assigned_at, zone),
            claim.repeats,
        ]


def _at(moment: Any, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds") if moment else ""
