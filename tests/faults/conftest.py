"""Real processes on this test's database, and a Valkey of the test's own that may be stopped."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools import programs
from devtools.ports import free_port
from devtools.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent.parent


class Broker:
    """A Valkey that a test may stop and start; always on the same port."""

    def __init__(self, folder: Path) -> None:
        self.valkey = Valkey(
            folder=folder,
            password=secrets.token_hex(16),
            port=free_port(),
            log=folder / "valkey.log",
        )
        self.running: programs.Running | None = None

    def start(self) -> None:
        self.running = programs.start(self.valkey.program())
        self.valkey.wait(self.running)

    def stop(self) -> None:
        """End it without warning; whatever it held is gone."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None


class Processes:
    """Workers and schedulers as the portal runs them, each in a process group of its own."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def worker(self, name: str = "worker") -> None:
        self._start(
            name, "worker", "--queues=tem,fleet", "--concurrency=2", f"--hostname={name}@%h"
        )

    def beat(self, name: str = "beat") -> None:
        self._start(name, "beat", f"--schedule={self.folder / name}", "--pidfile=")

    def kill(self, name: str) -> None:
        """kill -9, parent and children at once."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tem_portal", *arguments, "--loglevel=INFO"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    broker = Broker(folder)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def processes(
    process_environment: dict[str, str], broker: Broker, tmp_path: Path
) -> Iterator[Processes]:
    """Workers and schedulers that talk to `broker`; all are gone when the test ends."""
    environment = {
        **process_environment,
        "REDIS_URL": broker.valkey.url,
        "SANDBOX": "1",
        "SIMULATOR_ORIGIN": "",  # no web server runs here
    }
    processes = Processes(environment, tmp_path)
    yield processes
    processes.kill_all()


@pytest.fixture
def eventually() -> Callable[..., None]:
    """`eventually(check)`: repeat until `check()` no longer fails, for a minute at most."""

    def wait(check: Callable[[], None], *, limit: float = 60.0) -> None:
        end = time.monotonic() + limit
        while True:
            try:
                return check()
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    return wait
