"""What `run.py` says to someone who does not know it, or whose machine lacks something."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.setup.portal_run import ROOT, devtools, environment_without_servers

NOWHERE = "postgres://portal:secret@127.0.0.1:1/portal"


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["nonsense"], 2)])
def test_without_a_verb_it_lists_the_verbs(arguments: list[str], status: int) -> None:
    said = subprocess.run(
        [sys.executable, ROOT / "run.py", *arguments], capture_output=True, text=True, check=False
    )
    assert said.returncode == status
    assert [line.split()[0] for line in said.stdout.splitlines()[2:]] == ["up", "test", "bench"]


def test_without_chromium_the_test_command_says_how_to_install_it(tmp_path: Path) -> None:
    said = devtools("test", PATH=str(tmp_path), STATE_DIR=str(tmp_path))
    assert said.returncode == 1
    assert "apt-get install chromium" in said.stderr


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    said = devtools("up", "--port=0", STATE_DIR=str(tmp_path), DATABASE_URL=NOWHERE)
    assert said.returncode == 1
    assert "DATABASE_URL is set, but no PostgreSQL can be used there" in said.stderr


def test_fresh_leaves_a_given_database_alone(tmp_path: Path) -> None:
    said = devtools("up", "--fresh", STATE_DIR=str(tmp_path), DATABASE_URL=NOWHERE)
    assert said.returncode == 1
    assert "it leaves alone" in said.stderr


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY"])
def test_settings_without_their_environment_say_what_to_set(name: str, tmp_path: Path) -> None:
    all_but_one = {
        "DATABASE_URL": NOWHERE,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "x" * 60,
        "STATE_DIR": str(tmp_path),  # else the servers of a portal that runs here would do
    }
    del all_but_one[name]
    said = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment_without_servers(**all_but_one),
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode != 0
    assert f"{name} is not set" in said.stderr
