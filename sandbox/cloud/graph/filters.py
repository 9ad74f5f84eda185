"""OData `$filter` as far as Graph's clients use it, turned into a condition on stored bodies.

Comparisons (eq ne gt ge lt le), startsWith, and, or, not, parentheses and paths such as
`status/errorCode`. Property names come from an allow-list per collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q

from sandbox.cloud.graph.problems import bad_request

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[(),])|(?P<word>[^\s(),']+))", re.DOTALL
)
_COMPARISONS = {"eq": "", "ne": "", "gt": "__gt", "ge": "__gte", "lt": "__lt", "le": "__lte"}
_DEEPEST = 20


def condition(text: str, *, properties: frozenset[str], time_property: str = "") -> Q:
    """The filter as a Q over CloudObject. Raises GraphProblem (400) when it cannot be read."""
    if len(text) > 2000 or "\x00" in text:
        raise _invalid("too long or not text")
    reader = _Reader(list(_tokens(text)), properties, time_property)
    found = reader.any_of()
    if reader.rest:
        raise _invalid(f"unexpected '{reader.rest[0][1]}'")
    return found


def _invalid(why: str) -> Exception:
    return bad_request(f"Invalid filter clause: {why[:100]}.", "BadRequest")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _invalid(f"syntax error at position {place}")
        place = found.end()
        yield str(found.lastgroup), found.group(str(found.lastgroup))


class _Reader:
    def __init__(
        self, rest: list[tuple[str, str]], properties: frozenset[str], time_property: str
    ) -> None:
        self.rest = rest
        self.properties = properties
        self.time_property = time_property
        self.depth = 0

    def _next(self) -> tuple[str, str]:
        if not self.rest:
            raise _invalid("it ends too early")
        return self.rest.pop(0)

    def _expect(self, mark: str) -> None:
        if self._next() != ("mark", mark):
            raise _invalid(f"'{mark}' expected")

    def _at_word(self, word: str) -> bool:
        return bool(self.rest) and self.rest[0] == ("word", word)

    def any_of(self) -> Q:
        found = self.all_of()
        while self._at_word("or"):
            self._next()
            found |= self.all_of()
        return found

    def all_of(self) -> Q:
        found = self.one()
        while self._at_word("and"):
            self._next()
            found &= self.one()
        return found

    def one(self) -> Q:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _invalid("nested too deeply")
        kind, text = self._next()
        if (kind, text) == ("mark", "("):
            found = self.any_of()
            self._expect(")")
        elif (kind, text) == ("word", "not"):
            found = ~self.one()
        elif kind == "word" and text.lower() == "startswith":
            found = self._starts_with()
        elif kind == "word":
            found = self._comparison(text)
        else:
            raise _invalid(f"unexpected '{text}'")
        self.depth -= 1
        return found

    def _path(self, name: str) -> str:
        if name not in self.properties:
            raise _invalid(f"property '{name}' cannot be filtered on")
        return "at" if name == self.time_property else f"body__{name.replace('/', '__')}"

    def _starts_with(self) -> Q:
        self._expect("(")
        path = self._path(self._next()[1])
        self._expect(",")
        kind, text = self._next()
        self._expect(")")
        if kind != "text" or path == "at":
            raise _invalid("startsWith wants a text")
        return Q(**{f"{path}__istartswith": _unquoted(text)})

    def _comparison(self, name: str) -> Q:
        path = self._path(name)
        kind, operator = self._next()
        if kind != "word" or operator not in _COMPARISONS:
            raise _invalid(f"operator '{operator}' is not known")
        value = self._value(path)
        found = Q(**{f"{path}{_COMPARISONS[operator]}": value})
        return ~found if operator == "ne" else found

    def _value(self, path: str) -> Any:
        kind, text = self._next()
        if path == "at":
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                raise _invalid(f"'{text}' is not a time") from None
            if at.tzinfo is None:
                raise _invalid(f"'{text}' has no time zone")
            return at
        if kind == "text":
            return _unquoted(text)
        constants = {"true": True, "false": False, "null": None}
        if text in constants:
            return constants[text]
        if re.fullmatch(r"-?\d{1,12}", text):
            return int(text)
        if re.fullmatch(r"[0-9a-fA-F-]{36}|\d{4}-\d\d-\d\dT[0-9:.]+Z", text):
            return text
        raise _invalid(f"'{text}' is not a value")


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")
