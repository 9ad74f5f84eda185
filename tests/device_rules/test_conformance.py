"""The rule language against its table: who belongs, and where a wrong rule is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.rules import RuleError, evaluate, parse

TABLE = json.loads(Path(__file__).with_name("conformance.json").read_text())
DEVICES = {
    name: {key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()}
    for name, facts in TABLE["devices"].items()
}


def text_of(row: dict) -> str:
    length = row.get("padded_to", 0)
    return row["rule"] + "x" * max(length - len(row["rule"]) - 1, 0) + ('"' if length else "")


def numbered(row: dict) -> str:
    return str(row["n"])


@pytest.mark.parametrize("row", [r for r in TABLE["rules"] if "members" in r], ids=numbered)
def test_members_are_those_of_the_table(row):
    rule = parse(text_of(row))
    assert [name for name in DEVICES if evaluate(rule, DEVICES[name]).result] == row["members"]


@pytest.mark.parametrize("row", [r for r in TABLE["rules"] if "error" in r], ids=numbered)
def test_errors_are_of_the_kind_of_the_table(row):
    with pytest.raises(RuleError) as caught:
        parse(text_of(row))
    assert caught.value.kind == row["error"]


@pytest.mark.parametrize(
    ("rule", "code", "points_at"),
    [
        ('device.deviceModl -eq "x"', "unknown_property_near", "device.deviceModl"),
        ('device.isRooted -startsWith "t"', "operator_not_here", "-startsWith"),
        ("device.deviceModel -eq x", "text_wanted", "x"),
        ('(device.deviceModel -eq "a") (device.isRooted -eq true)', "joiner_missing", "("),
        ('device.displayName -match "a("', "bad_pattern", '"a("'),
        ('device.displayName -eq "C:\\"', "ends_in_backslash", '\\"'),
        ("device.isRooted -eq true)", "bracket_not_opened", ")"),
        ("device.organizationalUnit -eq 'x'", "withdrawn_property", "device.organizationalUnit"),
        ("device.deviceModel -eq “x”", "curly_quote", "“"),
        ("(" * 70 + "device.isRooted -eq true" + ")" * 70, "too_deep", "("),
    ],
)
def test_an_error_points_at_the_very_characters(rule, code, points_at):
    with pytest.raises(RuleError) as caught:
        parse(rule)
    assert caught.value.code == code
    assert rule[caught.value.start : caught.value.end] == points_at


def test_names_are_kept_in_their_canonical_spelling():
    assert parse("device.DEVICEMODEL eq 'x' and not device.isrooted eq true").canonical == (
        "device.deviceModel eq 'x' and not device.isRooted eq true"
    )


def test_the_trace_says_how_each_part_came_out():
    rule = parse('device.isRooted -eq true -or device.deviceModel -contains "ipad"')
    trace = evaluate(rule, DEVICES["A"]).trace
    assert [(part.words, part.result, part.seen) for part in trace.parts] == [
        ("device.isRooted -eq true", False, False),
        ('device.deviceModel -contains "ipad"', True, "iPad Air"),
    ]
