"""A rule as one SQL condition on the stored, folded facts of devices (alias `f`).

Every value is a parameter; columns come from the list of properties and from nowhere else. No
part is ever NULL, so that -not means what it says. A pattern cannot be judged by PostgreSQL as
RE2 does, so `distinct` (column -> the distinct stored texts) is asked for the texts it could
meet, and the condition compares with those that match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from devices.rules.parser import compiled
from devices.rules.properties import NEGATIONS, Kind, Property, fold
from devices.rules.tree import Both, MemberOf, Node, Not, Quantified, Rule, Test, Value

Distinct = Callable[[Property], Iterable[str]]

MEMBER = (
    "EXISTS (SELECT 1 FROM devices_groupmember m "
    "JOIN devices_group g ON g.tenant_id = m.tenant_id AND g.id = m.group_id "
    "WHERE m.tenant_id = f.tenant_id AND m.device_id = f.device_id AND m.left_at IS NULL "
    "AND g.object_id::text = ANY(%s))"
)


@dataclass(frozen=True)
class Sql:
    """A condition and its parameters, in order."""

    text: str
    parameters: tuple[object, ...] = ()


def compile_rule(rule: Rule, *, distinct: Distinct) -> Sql:
    """The rule as a condition on devices_devicefacts f, true exactly for its members."""
    return _node(rule.node, distinct, None)


def _node(node: Node, distinct: Distinct, inside: Property | None) -> Sql:
    if isinstance(node, Test):
        return _test(node, distinct, inside)
    if isinstance(node, MemberOf):
        return Sql(MEMBER, (list(node.groups),))
    if isinstance(node, Quantified):
        body = _node(node.body, distinct, node.subject)
        items = _items(node.subject)
        if node.quantifier == "-any":
            return Sql(f"EXISTS ({items} {body.text})", body.parameters)
        return Sql(f"NOT EXISTS ({items} NOT ({body.text}))", body.parameters)
    if isinstance(node, Not):
        part = _node(node.part, distinct, inside)
        return Sql(f"NOT ({part.text})", part.parameters)
    parts = [_node(part, distinct, inside) for part in node.parts]
    joiner = " AND " if isinstance(node, Both) else " OR "
    text = joiner.join(f"({part.text})" for part in parts)
    return Sql(text, tuple(value for part in parts for value in part.parameters))


def _items(subject: Property) -> str:
    """The items of a collection, for a condition on item.text to follow."""
    return f"SELECT 1 FROM unnest(f.{subject.column}) AS item(text) WHERE"  # noqa: S608 - our list


def _test(node: Test, distinct: Distinct, inside: Property | None) -> Sql:
    if node.subject is None:
        assert inside is not None
        return _compare("item.text", node.operator, node.value, lambda: distinct(inside))
    column, subject = f"f.{node.subject.column}", node.subject
    if subject.kind == Kind.COLLECTION:
        if node.value is None:
            return Sql(f"cardinality({column}) {'=' if node.operator == '-eq' else '>'} 0")
        body = _compare("item.text", node.operator, node.value, lambda: distinct(subject))
        return Sql(f"EXISTS ({_items(subject)} {body.text})", body.parameters)
    return _compare(column, node.operator, node.value, lambda: distinct(subject))


def _compare(column: str, operator: str, value: Value, texts: Callable[[], Iterable[str]]) -> Sql:
    if operator in NEGATIONS:
        positive = _compare(column, NEGATIONS[operator], value, texts)
        return Sql(f"NOT {positive.text}", positive.parameters)
    if value is None:
        return Sql(f"({column} IS NULL)")
    if isinstance(value, bool):
        return Sql(f"(({column} = %s) IS TRUE)", (value,))
    if isinstance(value, tuple):
        return Sql(f"(({column} = ANY(%s::text[])) IS TRUE)", ([fold(item) for item in value],))
    if operator == "-match":
        pattern = compiled(value)
        found = [text for text in texts() if pattern.search(text)]
        return Sql(f"(({column} = ANY(%s::text[])) IS TRUE)", (found,))
    wanted = fold(value)
    if operator == "-startsWith":
        return Sql(f"(starts_with({column}, %s) IS TRUE)", (wanted,))
    if operator == "-endsWith":
        return Sql(f"((right({column}, %s) = %s) IS TRUE)", (len(wanted), wanted))
    if operator == "-contains":
        return Sql(f"((strpos({column}, %s) > 0) IS TRUE)", (wanted,))
    return Sql(f"(({column} = %s) IS TRUE)", (wanted,))
