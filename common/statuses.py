"""How a status looks: a tone and an icon beside its word, said once per status.

An app registers its statuses from its `statuses.py`; a template prints them with the filter
`pill`, as in `{{ command.status|pill:"command" }}`. A rendered pill is kept per (kind, value,
language), so a list of fifty rows costs fifty look-ups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from common.icons import icon

Tone = Literal["good", "warn", "bad", "info", "neutral"]


class UnknownStatus(LookupError):
    """A template asked for a pill that nobody registered."""


@dataclass(frozen=True)
class Look:
    """A tone of the tokens and the name of a Lucide icon."""

    tone: Tone
    icon: str


_registry: dict[str, dict[str, tuple[str | Promise, Look]]] = {}


def register_statuses(
    kind: str,
    *,
    choices: Iterable[tuple[str, str | Promise]],
    looks: Mapping[str, Look],
) -> None:
    """Give every value of `choices` (value, label) its look; a value without one is an error."""
    labels = {str(value): label for value, label in choices}
    missing = labels.keys() - {str(value) for value in looks}
    if missing:
        raise ValueError(f"Statuses of {kind!r} without a look: {', '.join(sorted(missing))}.")
    _registry[kind] = {str(v): (labels[str(v)], look) for v, look in looks.items()}
    _registered_pill.cache_clear()


def pill(label: str | Promise, look: Look) -> SafeString:
    """A pill with any word."""
    return format_html(
        '<span class="pill" data-tone="{}">{}{}</span>',
        look.tone,
        icon(look.icon),
        label,
    )


def status_pill(kind: str, value: str) -> SafeString:
    """The pill of a registered status, in the language in use."""
    return _registered_pill(kind, str(value), get_language())


@lru_cache(maxsize=1024)
def _registered_pill(kind: str, value: str, language: str | None) -> SafeString:
    try:
        label, look = _registry[kind][value]
    except KeyError:
        raise UnknownStatus(f"No look is registered for {value!r} of {kind!r}.") from None
    return pill(label, look)
