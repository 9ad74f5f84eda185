"""The evaluator and the SQL of a rule take the same devices, whatever the rule."""

from __future__ import annotations

import random
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from common.tenancy import tenant_scope
from devices.models import Device, DeviceFacts, Group, GroupMember
from devices.queries.device_facts import folded
from devices.queries.rule_members import taken
from devices.rules import PROPERTIES, Kind, evaluate, parse

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

RULES, DEVICES = 10_000, 50
TEXTS = [
    "", "iPad", "IPAD air", "Straße", "STRASSE", "ΟΔΟΣ", "οδος", "İzmir", "a%b_c", "x\\y", 'q"q',
    "Rob's", "null", "10.0.1", "é", "É", "[ZTDId]:9", "10", "ſ", "K",
]  # fmt: skip
PATTERNS = ["^i", "pad$", r"\d+", "a.b", "[aeiou]", "straße", "^$", "σ", "(10|x)", ".", r"\\"]
GROUPS = [f"00000000-0000-0000-0000-00000000000{number}" for number in range(4)]
OPERATORS = ["-eq", "-startsWith", "-endsWith", "-contains", "-match", "-in"]
NEGATIVE = ["-ne", "-notStartsWith", "-notEndsWith", "-notContains", "-notMatch", "-notIn"]


class Dice:
    """Random facts and rules."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def facts(self) -> dict:
        pick = self.random
        found = {}
        for item in PROPERTIES.values():
            if item.kind == Kind.TEXT:
                found[item.name] = pick.choice([None, *TEXTS])
            elif item.kind == Kind.BOOLEAN:
                found[item.name] = pick.choice([None, True, False])
            elif item.kind == Kind.COLLECTION:
                found[item.name] = tuple(pick.choice(TEXTS[1:]) for _ in range(pick.randrange(3)))
            else:
                found[item.name] = tuple(group for group in GROUPS if pick.random() < 0.4)
        return found

    def quoted(self, text: str) -> str:
        return '"' + text.replace('"', '`"') + '"'

    def value(self, operator: str) -> str:
        pick = self.random
        if operator.lower().endswith("in") and "begin" not in operator.lower():
            items = [self.quoted(pick.choice(TEXTS)) for _ in range(pick.randrange(1, 4))]
            return f"[{', '.join(items)}]"
        if operator.endswith("atch"):
            return self.quoted(pick.choice(PATTERNS))
        if operator in ("-eq", "-ne") and pick.random() < 0.2:
            return "null"
        text = pick.choice(TEXTS)
        if operator not in ("-eq", "-ne") and text and pick.random() < 0.5:
            text = text[: pick.randrange(1, len(text) + 1)]
        return self.quoted(text.rstrip("\\"))

    def test(self, *, item: bool) -> str:
        pick = self.random
        operator = pick.choice(OPERATORS + NEGATIVE)
        if item and pick.random() < 0.8:
            return f"_ {operator} {self.value(operator)}"
        subjects = [p for p in PROPERTIES.values() if not (item and p.kind == Kind.GROUPS)]
        subject = pick.choice(subjects)
        name = f"device.{subject.name}"
        if subject.kind == Kind.BOOLEAN:
            return f"{name} {pick.choice(['-eq', '-ne'])} {pick.choice(['true', 'false', 'null'])}"
        if subject.kind == Kind.GROUPS:
            named = ", ".join(self.quoted(group) for group in pick.sample(GROUPS, 2))
            return f"{name} -any (group.objectId -in [{named}])"
        if subject.kind == Kind.COLLECTION and not item and pick.random() < 0.7:
            return f"{name} {pick.choice(['-any', '-all'])} ({self.rule(2, item=True)})"
        return f"{name} {operator} {self.value(operator)}"

    def rule(self, depth: int = 3, *, item: bool = False) -> str:
        chance = self.random.random()
        if depth == 0 or chance < 0.4:
            return self.test(item=item)
        if chance < 0.55:
            return f"-not ({self.rule(depth - 1, item=item)})"
        second = self.rule(depth - 1, item=item) if chance < 0.8 else self.test(item=item)
        joiner = self.random.choice(["-and", "-or"])
        return f"({self.rule(depth - 1, item=item)}) {joiner} {second}"


def test_ten_thousand_random_rules_take_the_same_devices(contoso):
    dice, now = Dice(7), timezone.now()
    with tenant_scope(contoso.pk):
        groups = {
            key: Group.objects.create(name=key, kind="assigned", object_id=UUID(key))
            for key in GROUPS
        }
        devices = {}
        for number in range(DEVICES):
            device = Device.objects.create(name=f"Phone {number}", platform="ios")
            facts = devices[device.pk] = dice.facts()
            row = {"is_stale": False, "in_service": True, **folded(facts)}
            DeviceFacts.objects.filter(pk=device.pk).update(**row)
            for key in facts["memberOf"]:
                GroupMember.objects.create(group=groups[key], device=device, joined_at=now)
        members = 0
        for _round in range(RULES // 25):
            rules = [parse(dice.rule()) for _ in range(25)]
            queries = [taken(rule) for rule in rules]
            found: list[set[int]] = [set() for _ in rules]
            with connection.cursor() as cursor:
                cursor.execute(
                    " UNION ALL ".join(
                        f"SELECT {number}, q.device_id FROM ({query.text}) q"
                        for number, query in enumerate(queries)
                    ),
                    [value for query in queries for value in query.parameters],
                )
                for number, device_id in cursor.fetchall():
                    found[number].add(device_id)
            for rule, got in zip(rules, found, strict=True):
                want = {pk for pk, facts in devices.items() if evaluate(rule, facts).result}
                assert got == want, rule.text
                members += len(want)
    assert members > RULES  # rules that take nobody would agree on nothing
