"""JSON from strangers: read exactly, or refused with a sentence that says where and why.

Python's reader lets through what other readers do not agree on (a name twice, NaN, 1e999) and
what PostgreSQL cannot keep (NUL, half of a surrogate pair). All of it is refused here, before
anything else looks at the text. No Django here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


class BadJson(ValueError):
    """The text is not JSON that the portal takes; the message is a sentence."""


def read(data: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises BadJson."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    try:
        value = _DECODER.decode(text)
    except BadJson:
        raise
    except json.JSONDecodeError as error:
        raise BadJson(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise BadJson("The body is nested too deeply.") from None
    except ValueError:
        raise BadJson("The body has a number with too many digits.") from None
    if b"\\u" in data:
        for word in _texts(value):
            _refuse_unstorable(word)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadJson(f"The name {_shortened(twice)} stands twice in one object.")
    return found


def _constant(name: str) -> Any:
    raise BadJson(f"{name} is not a JSON value.")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadJson(f"The number {_shortened(text)} is too large.")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)


def _texts(value: Any) -> Iterator[str]:
    """Every text in the value, names included; without recursion, as it may be deep."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())


def _refuse_unstorable(word: str) -> None:
    if "\0" in word:
        raise BadJson("The body has a text with a NUL character.")
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        raise BadJson("The body has a text with half of a surrogate pair.") from None


def _shortened(text: str) -> str:
    shown = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(shown if len(shown) <= 40 else f"{shown[:39]}…", ensure_ascii=False)
