"""What a rule is once it has been understood, and what is said when it was not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from devices.rules.properties import Property

LONGEST = 3_072
"""Characters of a rule."""


class RuleError(ValueError):
    """The rule cannot be understood at `start` (offset in the text, `end` is exclusive).

    `kind` is one of attribute, operator, syntax, null, value, mixed and length; `code` names the
    sentence (devices.rule_words) and `facts` fills it.
    """

    def __init__(
        self,
        kind: str,
        code: str,
        *,
        start: int,
        end: int = -1,
        facts: dict[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.code = code
        self.start = start
        self.end = end if end > start else start + 1
        self.facts = facts or {}
        super().__init__(f"{kind} at {start}: {code} {self.facts}")


@dataclass(frozen=True)
class Span:
    """Where a part stands in the rule's text; `end` is exclusive."""

    start: int
    end: int


Value = str | bool | tuple[str, ...] | None


@dataclass(frozen=True)
class Test:
    """One comparison. `subject` None is the item (`_`) of the collection around it."""

    subject: Property | None
    operator: str
    value: Value
    span: Span


@dataclass(frozen=True)
class Quantified:
    """-any or -all over the items of a collection."""

    subject: Property
    quantifier: str
    body: Node
    span: Span


@dataclass(frozen=True)
class MemberOf:
    """The device is in one of these groups (object ids, folded)."""

    subject: Property
    groups: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class Not:
    part: Node
    span: Span


@dataclass(frozen=True)
class Both:
    """-and"""

    parts: tuple[Node, ...]
    span: Span


@dataclass(frozen=True)
class Either:
    """-or"""

    parts: tuple[Node, ...]
    span: Span


Node = Test | Quantified | MemberOf | Not | Both | Either


@dataclass(frozen=True)
class Rule:
    """A rule that was understood: its text, its tree, and the text with canonical names."""

    text: str
    node: Node
    canonical: str = field(default="")

    def words(self, node: Node) -> str:
        """The part of the text that `node` came from, on one line."""
        return " ".join(self.text[node.span.start : node.span.end].split())


def walk(node: Node) -> Iterator[Node]:
    """The node and everything under it."""
    yield node
    if isinstance(node, Not):
        yield from walk(node.part)
    elif isinstance(node, Quantified):
        yield from walk(node.body)
    elif isinstance(node, Both | Either):
        for part in node.parts:
            yield from walk(part)


def groups_named(rule: Rule) -> frozenset[str]:
    """The object ids of the groups that memberOf asks for, folded."""
    return frozenset(
        group for node in walk(rule.node) if isinstance(node, MemberOf) for group in node.groups
    )


def texts_named(rule: Rule, name: str) -> frozenset[str]:
    """The texts that the property of this canonical name is compared with."""
    found: set[str] = set()
    for node in walk(rule.node):
        if isinstance(node, Test) and node.subject is not None and node.subject.name == name:
            if isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node.value, tuple):
                found.update(node.value)
    return frozenset(found)
