"""Sentences that were kept in English, said again in the language of whoever reads them.

Pure modules know no Django and a worker has no reader, so why a row, a file or a command failed
is kept as an English sentence. An app registers the forms of its sentences; a kept one is known
again by its form. One that nobody registered, as a device's own words, is shown as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from django.utils.translation import get_language, gettext

_forms: dict[str, re.Pattern[str]] = {}


def register_sentences(sentences: Iterable[str]) -> None:
    """Make English sentences known, with their values as `%(name)s`."""
    for sentence in sentences:
        text = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(sentence))
        _forms[sentence] = re.compile(text, re.DOTALL)
    _retold.cache_clear()


def retold(english: str) -> str:
    """A kept sentence in the language in use."""
    return _retold(english, get_language())


@lru_cache(maxsize=1024)
def _retold(english: str, language: str | None) -> str:
    for sentence, form in _forms.items():
        if found := form.fullmatch(english):
            return gettext(sentence) % found.groupdict() if form.groups else gettext(sentence)
    return english


def is_known(english: str) -> bool:
    """Whether a sentence would be retold."""
    return any(form.fullmatch(english) for form in _forms.values())
