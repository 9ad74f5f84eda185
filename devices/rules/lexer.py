"""A rule's text cut into words, operators, texts and brackets, each with its place.

A hyphen before an operator is optional, and the dashes that word processors make of it are
taken. In a text a quote of its own kind is written as a backtick or backslash and the quote, or
twice; every other backslash stays as it is, because patterns need them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from devices.rules.tree import LONGEST, RuleError

DASHES = "-‐‑‒–—−"
_SPACE = re.compile(r"\s+")
_WORD = re.compile(rf"[{DASHES}]?\$?[^\W\d][\w.]*|[{DASHES}]?\d[\w.]*")
_AFTER_TEXT = re.compile(r"\s*(?:$|[)\],\s])")
CURLY = "“”„‟‘’‚‛«»"
BRACKETS = "()[],"


@dataclass(frozen=True)
class Token:
    """`kind` is word, text, end or the bracket itself; a word keeps its hyphen as `-`."""

    kind: str
    text: str
    start: int
    end: int


def tokens(rule: str) -> list[Token]:
    """The whole rule, with an `end` token after the last character. Raises RuleError."""
    if len(rule) > LONGEST:
        facts = {"length": str(len(rule)), "longest": str(LONGEST)}
        raise RuleError("length", "too_long", start=LONGEST, end=len(rule), facts=facts)
    found: list[Token] = []
    doubtful: list[int] = []
    at = 0
    while at < len(rule):
        space = _SPACE.match(rule, at)
        if space:
            at = space.end()
            continue
        token = _token(rule, at, doubtful)
        found.append(token)
        at = token.end
    last = len(rule.rstrip())
    return [*found, Token("end", "", last, last + 1)]


def _token(rule: str, at: int, doubtful: list[int]) -> Token:
    character = rule[at]
    if character in BRACKETS:
        return Token(character, character, at, at + 1)
    if character in "\"'":
        return _quoted(rule, at, doubtful)
    if character in CURLY:
        raise RuleError("syntax", "curly_quote", start=at, facts={"found": character})
    word = _WORD.match(rule, at)
    if word is None:
        raise RuleError("syntax", "unknown_character", start=at, facts={"found": character})
    text = word[0]
    if text[0] in DASHES:
        text = "-" + text[1:]
    return Token("word", text, at, word.end())


def _quoted(rule: str, start: int, doubtful: list[int]) -> Token:
    """The text from the quote at `start`. `doubtful` gathers places like `\\"` before a space."""
    quote = rule[start]
    parts: list[str] = []
    at = start + 1
    while at < len(rule):
        character = rule[at]
        following = rule[at + 1 : at + 2]
        if character == "\0":  # no database keeps it
            raise RuleError("syntax", "unknown_character", start=at, facts={"found": "NUL"})
        if character == quote and following == quote:
            parts.append(quote)
            at += 2
        elif character == quote:
            return Token("text", "".join(parts), start, at + 1)
        elif character == "\\" and following == "\\":
            parts.append("\\\\")
            at += 2
        elif character in "`\\" and following == quote:
            if character == "\\" and _AFTER_TEXT.match(rule, at + 2):
                doubtful.append(at)
            parts.append(quote)
            at += 2
        else:
            parts.append(character)
            at += 1
    if doubtful:
        raise RuleError("value", "ends_in_backslash", start=doubtful[0], end=doubtful[0] + 2)
    raise RuleError("syntax", "open_quote", start=start, end=len(rule), facts={"quote": quote})
