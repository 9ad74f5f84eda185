"""Whether one device satisfies a rule, and how each part of the rule came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.rules.parser import compiled
from devices.rules.properties import NEGATIONS, Kind, Property, fold
from devices.rules.tree import Both, MemberOf, Node, Not, Quantified, Rule, Test, Value

Fact = str | bool | tuple[str, ...] | None
Facts = Mapping[str, Fact]
"""By canonical name of the property. Missing, None and the empty text all mean unknown."""


@dataclass(frozen=True)
class Step:
    """One part of the rule: its words, how it came out, and what it looked at."""

    words: str
    result: bool
    name: str = ""
    seen: Fact = None
    parts: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """Whether the device belongs, and the trace that says why."""

    result: bool
    trace: Step


def evaluate(rule: Rule, device: Facts) -> Outcome:
    """Judge one device. Every part is judged, also where the result is known before."""
    trace = _step(rule, rule.node, device, None)
    return Outcome(trace.result, trace)


def _step(rule: Rule, node: Node, device: Facts, item: str | None) -> Step:
    words = rule.words(node)
    if isinstance(node, Test):
        if node.subject is None:
            return Step(words, holds(node.operator, node.value, item), "_", item)
        seen = fact(device, node.subject)
        return Step(words, _test(node, seen), node.subject.name, seen)
    if isinstance(node, MemberOf):
        seen = fact(device, node.subject)
        mine = {fold(group) for group in seen} if isinstance(seen, tuple) else set()
        return Step(words, bool(mine & set(node.groups)), node.subject.name, seen)
    if isinstance(node, Quantified):
        return _quantified(rule, node, device, words)
    if isinstance(node, Not):
        part = _step(rule, node.part, device, item)
        return Step(words, not part.result, parts=(part,))
    parts = tuple(_step(rule, part, device, item) for part in node.parts)
    judge: Callable[[list[bool]], bool] = all if isinstance(node, Both) else any
    return Step(words, judge([part.result for part in parts]), parts=parts)


def _quantified(rule: Rule, node: Quantified, device: Facts, words: str) -> Step:
    seen = fact(device, node.subject)
    items = seen if isinstance(seen, tuple) else ()
    parts = tuple(_step(rule, node.body, device, item) for item in items)
    judge: Callable[[list[bool]], bool] = any if node.quantifier == "-any" else all
    return Step(words, judge([part.result for part in parts]), node.subject.name, seen, parts)


def fact(device: Facts, subject: Property) -> Fact:
    """What is known of the device; None where nothing is, () for an empty collection."""
    found = device.get(subject.name)
    if subject.kind in (Kind.COLLECTION, Kind.GROUPS):
        return found if isinstance(found, tuple) else ()
    return None if found == "" else found


def _test(node: Test, seen: Fact) -> bool:
    if isinstance(seen, tuple):
        if node.value is None:
            return (not seen) == (node.operator == "-eq")
        return any(holds(node.operator, node.value, item) for item in seen)
    if isinstance(seen, bool):
        return (seen == node.value) == (node.operator == "-eq")
    return holds(node.operator, node.value, seen)


def holds(operator: str, value: Value, seen: str | None) -> bool:
    """One comparison of text. A missing text satisfies what is a negation, and no other."""
    if operator in NEGATIONS:
        return not holds(NEGATIONS[operator], value, seen)
    if value is None or seen is None:
        return value is None and seen is None
    text = fold(seen)
    if isinstance(value, tuple):
        return text in {fold(item) for item in value}
    wanted = str(value)
    if operator == "-match":
        return compiled(wanted).search(text) is not None
    wanted = fold(wanted)
    if operator == "-startsWith":
        return text.startswith(wanted)
    if operator == "-endsWith":
        return text.endswith(wanted)
    if operator == "-contains":
        return wanted in text
    return text == wanted
