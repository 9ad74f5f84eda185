"""Every act that the code puts on record has a name on the screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from audit.wording import ACTS, act_label, fact_label
from tests.i18n.test_marked_text import MODULES

RECORDERS = {"record", "Act", "_put_on_record", "_turn"}
KEY = re.compile(r"[a-z_]+\.[a-z_]+")


def acts_of(source: str) -> set[str]:
    return {
        node.value
        for place in _places(ast.parse(source))
        for node in ast.walk(place)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and KEY.fullmatch(node.value)
    }


def _places(tree: ast.Module) -> Iterator[ast.AST]:
    """Where an act is named: calls that record, and what is assigned to `action`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else ""
            name = name or getattr(function, "id", "")
            if name in RECORDERS:
                yield from (word.value for word in node.keywords if word.arg == "action")
                yield from node.args[:1]
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "action":
            yield node.value


def recorded() -> set[str]:
    return set().union(*(acts_of((Path(settings.BASE_DIR) / n).read_text()) for n in MODULES))


def test_every_act_has_a_name_and_every_name_an_act():
    assert recorded() == ACTS.keys()


@pytest.mark.parametrize(
    "source",
    [
        'record(by=by, action="a.b")',
        'actions.record(by=by, action="a.b" if x else "a.b")',
        'Act(action="a.b")',
        '_put_on_record("a.b", user)',
        'action = "a.b" if x else "a.b"',
    ],
)
def test_an_act_is_found_however_it_is_named(source):
    assert acts_of(source) == {"a.b"}


def test_an_act_is_called_by_its_name_in_the_language_in_use():
    with translation.override("nl"):
        assert act_label("line.retired") == "Lijn buiten gebruik gesteld"
        assert fact_label("msisdn") == "Telefoonnummer"


def test_what_nobody_named_shows_itself():
    assert act_label("moon.landed") == "moon.landed"
    assert fact_label("left_foot") == "Left foot"
