"""Finding lines by what a carrier's file calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

import phonenumbers
from django.db import connection
from django.utils.translation import gettext as _

from common.tenancy import current_tenant_id
from usage.models import Carrier, LineSim, LineState

KEYS = ("msisdn", "iccid", "imsi", "reference")

# One array instead of thousands of parameters; the last condition is that of the partial index.
BY_NUMBER = """
SELECT msisdn, id FROM usage_line
WHERE tenant_id = %s AND carrier_id = %s AND msisdn = ANY(%s) AND state = 'active' AND msisdn <> ''
"""
BY_REFERENCE = """
SELECT reference, id FROM usage_line
WHERE tenant_id = %s AND carrier_id = %s AND reference = ANY(%s) AND state = 'active'
  AND reference <> ''
"""


class BadKey(ValueError):
    """The text cannot name a line; the message is a sentence."""


class LineFinder:
    """Resolves keys to line ids for one carrier, remembering what it has seen.

    Only active lines of the carrier in the tenant in scope are found.
    """

    def __init__(self, *, carrier: Carrier, kind: str) -> None:
        if kind not in KEYS:
            raise ValueError(f"{kind!r} is not one of {', '.join(KEYS)}.")
        self.carrier = carrier
        self.kind = kind
        self._normal: dict[str, str | BadKey] = {}
        self._found: dict[str, int] = {}

    def normal(self, raw: str) -> str:
        """The key as lines keep it. Raises BadKey."""
        known = self._normal.get(raw)
        if known is None:
            try:
                known = normal_key(raw, kind=self.kind, country=self.carrier.country)
            except BadKey as bad:
                known = bad
            self._normal[raw] = known
        if isinstance(known, BadKey):
            raise known
        return known

    def look_up(self, keys: Iterable[str]) -> None:
        """Find what has not been found yet, with one query."""
        unknown = {key for key in keys if key not in self._found}
        if unknown:
            self._found.update(self._query(unknown))

    def get(self, key: str) -> int | None:
        """The line's id, or None; call look_up() before."""
        return self._found.get(key)

    def add(self, key: str, line_id: int) -> None:
        """Remember a line that was just made."""
        self._found[key] = line_id

    def forget(self) -> None:
        """Forget which lines exist; what was made has been rolled back."""
        self._found.clear()

    def _query(self, keys: set[str]) -> dict[str, int]:
        if self.kind in {"msisdn", "reference"}:
            with connection.cursor() as cursor:
                cursor.execute(
                    BY_NUMBER if self.kind == "msisdn" else BY_REFERENCE,
                    [current_tenant_id(), self.carrier.pk, list(keys)],
                )
                return dict(cursor.fetchall())
        links = LineSim.objects.open().filter(
            line__carrier=self.carrier, line__state=LineState.ACTIVE
        )
        found = links.filter(**{f"sim__{self.kind}__in": keys})
        return dict(found.values_list(f"sim__{self.kind}", "line_id"))


_NUMBER = re.compile(r"^\+?[\d\s()./-]+$", re.ASCII)
_FLOAT = re.compile(r"^\+?\d+\.0+$")  # 33612345678.0 would be read as another number


def normal_key(raw: str, *, kind: str, country: str) -> str:
    """`raw` as lines keep it: E.164, digits, or the reference as it came. Raises BadKey.

    National numbers are read with the carrier's country; `00` is taken for `+`.
    """
    text = raw.strip()
    if kind == "reference":
        return text
    if kind == "msisdn":
        if text.startswith("00"):
            text = "+" + text[2:]
        number = None
        if _NUMBER.match(text) and not _FLOAT.match(text):
            with suppress(phonenumbers.NumberParseException):
                number = phonenumbers.parse(text, country)
        if number is None or not phonenumbers.is_possible_number(number):
            raise BadKey(_("This is not a phone number; +31612345678 would be."))
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    digits = re.sub(r"[\s-]", "", text)
    lengths = (18, 20) if kind == "iccid" else (14, 15)
    if not (digits.isascii() and digits.isdecimal()) or not lengths[0] <= len(digits) <= lengths[1]:
        name = "ICCID" if kind == "iccid" else "IMSI"
        raise BadKey(
            _("This is not an %(name)s; one has %(low)s to %(high)s digits.")
            % {"name": name, "low": lengths[0], "high": lengths[1]}
        )
    return digits
