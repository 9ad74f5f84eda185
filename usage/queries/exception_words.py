"""An exception of a line as a sentence: what it gives, for how long."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from common.wording import day, moment, volume
from usage.models import ExceptionKind, LineException


def exception_in_words(row: LineException) -> str:
    """As in `1 GB more roaming data until 1 Dec 2026, 00:00.`; the reason is told beside it."""
    if row.ends_at is None:
        return _("Exempt from blocks for good.")
    if row.ends_at <= row.starts_at:
        return _("Ended before it began.")
    words = {
        "until": moment(row.ends_at),
        "volume": volume(row.volume or 0),
        "countries": ", ".join(row.countries),
        "first": day(row.first_day or date.min),
        "last": day(row.last_day or date.min),
        "approver": row.approver,
        "ceiling": volume(row.ceiling or 0),
    }
    return _sentence(row) % words


def _sentence(row: LineException) -> str:
    if row.kind == ExceptionKind.TOP_UP:
        if row.scope == "domestic":
            return _("%(volume)s more domestic data until %(until)s.")
        return _("%(volume)s more roaming data until %(until)s.")
    if row.kind == ExceptionKind.TRIP:
        return _(
            "%(volume)s more for use in %(countries)s, from %(first)s up to and including "
            "%(last)s, approved by %(approver)s."
        )
    if row.kind == ExceptionKind.GRACE:
        return _("No block comes until %(until)s.")
    if row.kind == ExceptionKind.EXEMPTION:
        return _("Exempt from blocks until %(until)s.")
    if row.ceiling is not None:
        return _("No block until %(until)s, or until the cycle has used %(ceiling)s.")
    return _("No block until %(until)s.")
