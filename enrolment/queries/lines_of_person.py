"""The lines that a person holds, to choose from."""

from __future__ import annotations

from usage.models import Line, LinePerson, LineState


def lines_of_person(*, person_id: int) -> list[Line]:
    """Active lines that have a number, by their number."""
    held = LinePerson.objects.open().filter(person_id=person_id).values("line_id")
    lines = Line.objects.filter(pk__in=held, state=LineState.ACTIVE).exclude(msisdn="")
    return list(lines.order_by("msisdn", "pk"))
