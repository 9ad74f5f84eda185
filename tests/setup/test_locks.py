"""The three lock files say what pyproject.toml asks for, and nothing about where it was found."""

import re
import tomllib

import pytest

from tests.setup.portal_run import ROOT

LOCKS = ("production", "local", "test")
PYPROJECT = ROOT / "pyproject.toml"


def lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)", lock(name), re.MULTILINE))


def wanted(name: str) -> set[str]:
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    groups = project["optional-dependencies"]
    asked = {
        "production": project["dependencies"],
        "local": project["dependencies"] + groups["local"],
        "test": project["dependencies"] + groups["local"] + groups["test"],
    }
    return {re.split(r"[<>=\[]", requirement)[0] for requirement in asked[name]}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_no_address(name: str) -> None:
    assert not re.search(r"://|index-url|find-links|file:|^/", lock(name), re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_all_that_was_asked_for(name: str) -> None:
    assert wanted(name) <= pins(name).keys()


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_held_by_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", lock(name))
    assert len(blocks) == len(pins(name))
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_each_lock_contains_the_one_before_at_the_same_versions() -> None:
    assert pins("production").items() <= pins("local").items() <= pins("test").items()


def test_every_dependency_says_why_it_is_there() -> None:
    project = PYPROJECT.read_text().split("[tool.")[0]
    lines = re.findall(r"^    \"[^\"]+\",.*$", project, re.MULTILINE)
    assert len(lines) > 30
    assert [line for line in lines if not re.search(r'", # \S', line)] == []
