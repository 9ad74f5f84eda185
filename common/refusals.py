"""Saying no: what an action raises when the state of things does not allow the act.

The sentence is for the person at the screen and the field tells a form where to show it.
Whether a name or number is free is asked of the database's own constraints, at the moment of
writing, so that two people at once get the same answer as one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.functional import Promise


class Refused(Exception):
    """Base of the named errors of actions. `field` is a form field's name, or None for all."""

    def __init__(self, sentence: str | Promise, *, field: str | None = None) -> None:
        self.sentence = sentence
        self.field = field
        super().__init__(sentence)


@contextmanager
def refusing(
    error: type[Refused], sentences: Mapping[str, tuple[str | None, str | Promise]]
) -> Iterator[None]:
    """Turn a broken constraint into `error`: sentences[constraint name] = (field, sentence).

    The block is a savepoint. Constraints that are not named stay errors of the program.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as broken:
        diagnosis = getattr(broken.__cause__, "diag", None)
        name = getattr(diagnosis, "constraint_name", None)
        if name not in sentences:
            raise
        field, sentence = sentences[name]
        raise error(sentence, field=field) from broken
