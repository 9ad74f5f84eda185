"""`test` and `bench`: one run on servers with empty data of their own.

`test` goes from the cheapest check to the dearest and stops at the first that fails; pytest comes
last, so that its closing lines are the last words.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.portal import portal_environment
from devtools.postgres import DURABLE, FLEETING
from devtools.problem import Problem
from devtools.servers import passing_servers
from devtools.state import ROOT, State

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BIN = Path(sys.executable).parent
MANAGE = (sys.executable, "manage.py")


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    command: Sequence[str]


def test(*, pytest_arguments: Sequence[str]) -> int:
    """Run every check and every test; the status is that of the first that fails."""
    _require_browser()
    state = State.of_checkout()
    with passing_servers(state, settings=FLEETING) as addresses:
        environment = {**portal_environment(state), **addresses, "SANDBOX": "1", "DEBUG": "0"}
        for check in _checks():
            began = time.monotonic()
            if status := _run(check.command, environment=environment):
                print(f"\nFailed: {check.name} (status {status}): {' '.join(check.command)}")
                return status
            print(f"{check.name}: fine ({time.monotonic() - began:.1f} s)", flush=True)
        tests = (sys.executable, "-m", "pytest", *pytest_arguments)
        if status := _run(tests, environment=environment):
            print("\nFailed: pytest (see above)", file=sys.stderr)
        return status


def bench(*, arguments: Sequence[str]) -> int:
    """Run the benchmarks, on servers that write as durably as real ones."""
    state = State.of_checkout()
    with passing_servers(state, settings=DURABLE) as addresses:
        environment = {**portal_environment(state), **addresses, "SANDBOX": "1", "DEBUG": "0"}
        migrate = (*MANAGE, "migrate", "--verbosity=0")
        benchmarks = (sys.executable, "-m", "benchmarks", *arguments)
        return _run(migrate, environment=environment) or _run(benchmarks, environment=environment)


def _checks() -> list[Check]:
    templates = sorted(
        map(str, [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")])
    )
    return [
        Check(name="ruff check", command=(str(BIN / "ruff"), "check", ".")),
        Check(name="ruff format", command=(str(BIN / "ruff"), "format", "--check", ".")),
        Check(name="djade", command=(str(BIN / "djade"), "--check", *templates)),
        Check(name="imports", command=(str(BIN / "lint-imports"), "--no-cache")),
        Check(name="mypy", command=(str(BIN / "mypy"),)),
        Check(name="migrations", command=(*MANAGE, "makemigrations", "--check", "--dry-run")),
        Check(name="system check", command=(*MANAGE, "check", "--fail-level=WARNING")),
    ]


def _run(command: Sequence[str], *, environment: Mapping[str, str]) -> int:
    sys.stdout.flush()
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _require_browser() -> None:
    if not any(map(shutil.which, BROWSERS)):
        raise Problem(
            "The tests look at the pages in Chromium, which this machine has not. Install it:\n"
            "  Debian:          apt-get install chromium\n"
            "  Fedora:          dnf install chromium\n"
            "Google Chrome will do too. The names looked for on PATH: " + ", ".join(BROWSERS) + "."
        )
