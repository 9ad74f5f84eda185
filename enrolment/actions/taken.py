"""A number that is somebody else's: proven or not, it does not become this person's."""

from __future__ import annotations

from django.utils.translation import gettext as _

from common.refusals import Refused
from usage.models import Line, LinePerson


class LineTaken(Refused):
    """Another person holds the line."""


def refuse_if_taken(*, line: Line | None, person_id: int | None) -> None:
    """Refuse a line that somebody else holds; who is not known takes nobody's place.

    Asked of somebody who has shown that the number is in their hand, and not before.
    """
    if line is None or person_id is None:
        return
    holders = LinePerson.objects.open().filter(line=line)
    holder = holders.values_list("person_id", flat=True).first()
    if holder is not None and holder != person_id:
        raise LineTaken(
            _("%(number)s is somebody else's line. Type your own number, or ask your helpdesk.")
            % {"number": line}
        )
