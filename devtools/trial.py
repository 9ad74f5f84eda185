"""`test` and `bench`: one run on servers with empty data of their own.

`test` goes from the cheapest check to the dearest and stops at the first that fails; pytest comes
last, so that its closing lines are the last words.
"""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from devtools.portal import portal_environment
from devtools.postgres import DURABLE, FLEETING
from devtools.problem import Problem
from devtools.programs import dying_with_us
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
            done = _run(check.command, environment=environment, stdout=subprocess.PIPE)
            if done.returncode != 0:
                command = shorten(" ".join(check.command), width=100, placeholder=" ...")
                print(f"{done.stdout}\nFailed: {check.name} ({command})")
                return done.returncode
            print(f"{check.name}: fine ({time.monotonic() - began:.1f} s)", flush=True)
        tests = (sys.executable, "-m", "pytest", *pytest_arguments)
        return _run(tests, environment=environment).returncode


def bench(*, arguments: Sequence[str]) -> int:
    """Run the benchmarks, on servers that write as durably as real ones.

    Each makes a database of its own there, so nothing has to be migrated here.
    """
    state = State.of_checkout()
    with passing_servers(state, settings=DURABLE) as addresses:
        environment = {**portal_environment(state), **addresses, "SANDBOX": "1", "DEBUG": "0"}
        benchmarks = (sys.executable, "-m", "benchmarks", *arguments)
        return _run(benchmarks, environment=environment).returncode


def _checks() -> list[Check]:
    found = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")]
    templates = sorted(str(file.relative_to(ROOT)) for file in found)
    return [
        Check(name="ruff check", command=(str(BIN / "ruff"), "check", ".")),
        Check(name="ruff format", command=(str(BIN / "ruff"), "format", "--check", ".")),
        Check(name="djade", command=(str(BIN / "djade"), "--check", *templates)),
        Check(name="imports", command=(str(BIN / "lint-imports"), "--no-cache")),
        Check(name="mypy", command=(str(BIN / "mypy"),)),
        Check(name="migrations", command=(*MANAGE, "makemigrations", "--check", "--dry-run")),
        Check(name="system check", command=(*MANAGE, "check", "--fail-level=WARNING")),
    ]


def _run(
    command: Sequence[str], *, environment: Mapping[str, str], stdout: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end; it dies with us, like everything else that is started here."""
    sys.stdout.flush()
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=stdout,
        stderr=None if stdout is None else subprocess.STDOUT,
        text=True,
        preexec_fn=dying_with_us(signal.SIGTERM),
        check=False,
    )


def _require_browser() -> None:
    if not any(map(shutil.which, BROWSERS)):
        raise Problem(
            "The tests look at the pages in Chromium, which this machine has not. Install it:\n"
            "  Debian:          apt-get install chromium\n"
            "  Fedora:          dnf install chromium\n"
            "Google Chrome will do too. The names looked for on PATH: " + ", ".join(BROWSERS) + "."
        )
