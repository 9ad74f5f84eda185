"""An `up` that a test can start, read, ask and kill."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).resolve().parents[2]
GIVEN = ("DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "SECRET_KEY", "STATE_DIR")


def environment_without_servers(**extra: str) -> dict[str, str]:
    """Ours, less what the test run itself was given."""
    return {name: value for name, value in os.environ.items() if name not in GIVEN} | extra


def devtools(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a verb that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "devtools", *arguments],
        cwd=ROOT,
        env=environment_without_servers(**environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass(kw_only=True)
class PortalRun:
    process: subprocess.Popen[str]
    output: Path

    @classmethod
    def start(cls, *options: str, state: Path) -> "PortalRun":
        """Start `up`; return when it has printed its address. Fails with its output."""
        output = state / "output.txt"
        with output.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "devtools", "up", *options],
                cwd=ROOT,
                env=environment_without_servers(STATE_DIR=str(state)),
                stdout=out,
                stderr=out,
                text=True,
            )
        run = cls(process=process, output=output)
        try:  # the demo is lived through first, which takes its time on a machine with other work
            eventually(
                lambda: "Ctrl-C stops it" in run.text or process.poll() is not None, within=240
            )
        except AssertionError:
            run.end(signal.SIGTERM)  # else the next test meets it
            raise
        assert process.poll() is None, run.text
        return run

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def address(self) -> str:
        found = re.search(r"ready at (http://\S+)", self.text)
        assert found, self.text
        return found[1]

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1].strip("/"))

    def family(self) -> list[psutil.Process]:
        """Everything it has started, and what those have started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.address}healthz", timeout=10).ok
        except requests.RequestException:
            return False

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=90)


def eventually(true: Callable[[], bool], *, within: float) -> None:
    """Wait until `true()`; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.05)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(map(_alive, processes))


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
