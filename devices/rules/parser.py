"""From tokens to a tree, by precedence: comparisons, -not, -and, -or, and last -any and -all.

-any and -all bind least: without brackets, everything up to the next closing bracket belongs to
them. Types are checked here, so that an error points at the word that is wrong and says what
would be accepted in its place.
"""

from __future__ import annotations

import difflib

import re2

from devices.rules.lexer import Token, tokens
from devices.rules.properties import (
    OPERATORS,
    PROPERTIES,
    QUANTIFIERS,
    TEXT_OPERATORS,
    WITHDRAWN,
    Kind,
    Property,
    fold,
)
from devices.rules.tree import (
    Both,
    Either,
    MemberOf,
    Node,
    Not,
    Quantified,
    Rule,
    RuleError,
    Span,
    Test,
    Value,
)

DEEPEST = 60
_KNOWN = {name.lower().removeprefix("-"): name for name in (*TEXT_OPERATORS, *QUANTIFIERS)}
_JOINERS = {"and": "-and", "or": "-or"}
_ORDER = {"ge", "le", "gt", "lt"}
_NULLS = {"null", "$null"}
_BOOLEANS = {"true": True, "false": False}


def parse(text: str) -> Rule:
    """The rule that `text` is. Raises RuleError at the first character that does not fit."""
    parser = _Parser(tokens(text))
    if parser.now.kind == "end":
        raise RuleError("syntax", "empty_rule", start=0)
    node = parser.either()
    parser.finish()
    return Rule(text=text, node=node, canonical=_canonical(text, parser.names))


def _canonical(text: str, names: list[tuple[Token, str]]) -> str:
    for token, name in sorted(names, key=lambda pair: -pair[0].start):
        text = text[: token.start] + name + text[token.end :]
    return text


def bare(token: Token) -> str:
    """A word without its hyphen, in lower case; empty for anything else."""
    return token.text.removeprefix("-").lower() if token.kind == "word" else ""


class _Parser:
    """Walks over the tokens once. `inside` is the collection whose items `_` stands for."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.depth = 0
        self.inside: Property | None = None
        self.opened: list[Token] = []
        self.names: list[tuple[Token, str]] = []

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.now
        if token.kind != "end":
            self.at += 1
        return token

    def fail(self, kind: str, code: str, token: Token, **facts: str) -> RuleError:
        return RuleError(kind, code, start=token.start, end=token.end, facts=facts)

    def span(self, start: int) -> Span:
        return Span(start, self.tokens[self.at - 1].end)

    def finish(self) -> None:
        """Nothing may follow the expression."""
        token = self.now
        if token.kind == "end":
            return
        if token.kind in (")", "]"):
            raise self.fail("syntax", "bracket_not_opened", token, found=token.text)
        raise self.fail("syntax", "joiner_missing", token, found=token.text)

    # --- joining ------------------------------------------------------------------------------

    def either(self) -> Node:
        start = self.now.start
        parts = [self.both()]
        while bare(self.now) == "or":
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts), self.span(start))

    def both(self) -> Node:
        start = self.now.start
        parts = [self.negation()]
        while bare(self.now) == "and":
            self.take()
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Both(tuple(parts), self.span(start))

    def negation(self) -> Node:
        token = self.now
        if bare(token) != "not":
            return self.primary()
        self.take()
        self.deeper(token)
        part = self.negation()
        self.depth -= 1
        return Not(part, self.span(token.start))

    def deeper(self, token: Token) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail("syntax", "too_deep", token, deepest=str(DEEPEST))

    def primary(self) -> Node:
        token = self.now
        if token.kind == "(":
            return self.bracketed()
        if token.kind == "end":
            raise self.fail("syntax", "rule_ends", token)
        if token.kind != "word" or bare(token) in {*_JOINERS, *_KNOWN, *_ORDER}:
            raise self.fail("syntax", "property_wanted", token, found=token.text)
        if token.text == "_":
            return self.item()
        return self.comparison(self.subject())

    def bracketed(self) -> Node:
        opening = self.take()
        self.deeper(opening)
        self.opened.append(opening)
        node = self.either()
        self.close(opening)
        self.depth -= 1
        return node

    def close(self, opening: Token) -> None:
        if self.now.kind == "end":
            raise self.fail("syntax", "bracket_open", opening)
        if self.now.kind != ")":
            raise self.fail("syntax", "joiner_missing", self.now, found=self.now.text)
        self.opened.pop()
        self.take()

    # --- one comparison -----------------------------------------------------------------------

    def subject(self) -> Property:
        """The property that a word like `device.deviceModel` names."""
        token = self.take()
        owner, _dot, name = token.text.partition(".")
        if owner.lower() == "user":
            raise self.fail("mixed", "user_property", token, name=token.text)
        if owner.lower() != "device" or not name:
            raise self.fail("syntax", "property_wanted", token, found=token.text)
        if name.lower() in WITHDRAWN:
            raise self.fail("attribute", "withdrawn_property", token, name=name)
        found = PROPERTIES.get(name.lower())
        if found is None:
            near = difflib.get_close_matches(name.lower(), PROPERTIES, n=1, cutoff=0.6)
            if near:
                meant = f"device.{PROPERTIES[near[0]].name}"
                raise self.fail("attribute", "unknown_property_near", token, name=name, meant=meant)
            raise self.fail("attribute", "unknown_property", token, name=name)
        self.names.append((token, f"device.{found.name}"))
        return found

    def item(self) -> Node:
        token = self.take()
        if self.inside is None:
            raise self.fail("syntax", "item_outside", token)
        start = token.start
        operator = self.operator(Kind.TEXT, "_")
        return Test(None, operator, self.value(Kind.TEXT, operator, "_"), self.span(start))

    def comparison(self, subject: Property) -> Node:
        start = self.tokens[self.at - 1].start
        name = f"device.{subject.name}"
        at_operator = self.now
        operator = self.operator(subject.kind, name)
        if operator in QUANTIFIERS:
            if self.inside is not None:
                raise self.fail("syntax", "nested_quantifier", at_operator)
            if subject.kind == Kind.GROUPS:
                return self.member_of(subject, start)
            return self.quantified(subject, operator, start)
        return Test(subject, operator, self.value(subject.kind, operator, name), self.span(start))

    def operator(self, kind: Kind, name: str) -> str:
        token = self.now
        accepted = ", ".join(OPERATORS[kind])
        if token.kind == "end":
            raise self.fail("syntax", "operator_wanted", token, name=name, accepted=accepted)
        word = bare(token)
        if word == "not" and bare(self.tokens[self.at + 1]) in _NULLS:
            raise self.fail("null", "null_operator", token)
        if (
            word in _ORDER
            or word == "not"
            or (word in _KNOWN and _KNOWN[word] not in OPERATORS[kind])
        ):
            found = _KNOWN.get(word, f"-{word}")
            raise self.fail(
                "operator", "operator_not_here", token, found=found, name=name, accepted=accepted
            )
        if word not in _KNOWN:
            is_operator = token.kind == "word" and token.text.startswith("-")
            kind_of_error = "operator" if is_operator and word not in _JOINERS else "syntax"
            raise self.fail(kind_of_error, "operator_wanted", token, name=name, accepted=accepted)
        self.take()
        return _KNOWN[word]

    def quantified(self, subject: Property, quantifier: str, start: int) -> Node:
        self.inside = subject
        bracketed = self.now.kind == "("
        body = self.bracketed() if bracketed else self.either()
        self.inside = None
        return Quantified(subject, quantifier, body, self.span(start))

    def member_of(self, subject: Property, start: int) -> Node:
        opening = self.now
        if opening.kind == "(":
            self.opened.append(self.take())
        token = self.now
        if token.kind != "word" or token.text.lower() != "group.objectid":
            raise self.fail("syntax", "group_wanted", token)
        self.names.append((token, "group.objectId"))
        self.take()
        at_operator = self.now
        operator = self.operator(Kind.TEXT, "group.objectId")
        if operator not in ("-in", "-eq"):
            raise self.fail(
                "operator",
                "operator_not_here",
                at_operator,
                found=operator,
                name="group.objectId",
                accepted="-in, -eq",
            )
        value = self.value(Kind.GROUPS, operator, "group.objectId")
        if opening.kind == "(":
            self.close(opening)
        named = value if isinstance(value, tuple) else (str(value),)
        return MemberOf(subject, tuple(fold(group) for group in named), self.span(start))

    # --- values -------------------------------------------------------------------------------

    def value(self, kind: Kind, operator: str, name: str) -> Value:
        token = self.now
        if bare(token) in _NULLS:
            if operator not in ("-eq", "-ne") or kind == Kind.GROUPS:
                raise self.fail("null", "null_operator", token)
            self.take()
            return None
        if operator in ("-in", "-notIn"):
            return self.listed()
        if token.kind == "[":
            raise self.fail("value", "list_not_here", token, operator=operator)
        if token.kind == "end":
            raise self.fail("syntax", "value_missing", token, operator=operator)
        if kind == Kind.BOOLEAN:
            if bare(token) not in _BOOLEANS or token.text.startswith("-"):
                raise self.fail("value", "boolean_wanted", token, name=name)
            return _BOOLEANS[bare(self.take())]
        if token.kind != "text":
            raise self.fail("value", "text_wanted", token, name=name)
        self.take()
        return self.pattern(token) if operator.endswith("atch") else self.plain(token)

    def listed(self) -> tuple[str, ...]:
        opening = self.now
        if opening.kind != "[":
            raise self.fail("value", "list_wanted", opening)
        self.take()
        found: list[str] = []
        while True:
            token = self.now
            if bare(token) in _NULLS:
                raise self.fail("null", "null_operator", token)
            if token.kind == "end":
                raise self.fail("syntax", "list_open", opening)
            if token.kind != "text":
                raise self.fail("value", "list_item_wanted", token)
            found.append(self.plain(self.take()))
            following = self.take()
            if following.kind == "]":
                return tuple(found)
            if following.kind == "end":
                raise self.fail("syntax", "list_open", opening)
            if following.kind != ",":
                raise self.fail("value", "comma_wanted", following)

    def plain(self, token: Token) -> str:
        if token.text.endswith("\\"):
            raise RuleError("value", "ends_in_backslash", start=token.end - 2, end=token.end)
        return token.text

    def pattern(self, token: Token) -> str:
        try:
            compiled(token.text)
        except re2.error as error:
            why = error.args[0] if error.args else ""
            text = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
            raise self.fail("value", "bad_pattern", token, why=text) from None
        return token.text


def compiled(pattern: str) -> re2._Regexp[str]:
    """The pattern as RE2 knows it: without case, in linear time, with bounded memory."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 20
    return re2.compile(pattern, options=options)
