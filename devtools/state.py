"""The state folder: everything a checkout remembers between two runs, outside version control.

`.state/` unless STATE_DIR names another folder. It holds the secrets (mode 600), the logs, the data
of the servers that `up` keeps, and the locks. Deleting it while nothing runs is safe: the demo
starts anew.
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from devtools.problem import Problem

# Named one by one: STATE_DIR may be a folder that holds other things too.
PORTAL_FILES = ("imports",)
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Made once per state folder. `secret_key` is Django's; the passwords are the servers' own."""

    secret_key: str
    postgres: str
    valkey: str


@dataclass(frozen=True, kw_only=True)
class State:
    folder: Path

    @classmethod
    def of_checkout(cls) -> "State":
        folder = Path(os.environ.get("STATE_DIR") or ROOT / ".state").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder=folder)

    def secrets(self) -> Secrets:
        file = self.folder / "secrets.json"
        if not file.exists():
            made = {name: secrets.token_urlsafe(40) for name in Secrets.__annotations__}
            new = file.with_suffix(".new")
            new.unlink(missing_ok=True)
            # Created with its final mode: at no moment can anybody else read it.
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                json.dump(made, out)
            new.rename(file)
        return Secrets(**json.loads(file.read_text()))

    def empty(self) -> None:
        """Remove the files that the portal wrote for its people. Secrets, logs and locks stay."""
        for name in PORTAL_FILES:
            if (self.folder / name).exists():
                shutil.rmtree(self.folder / name)

    def log(self, name: str) -> Path:
        """The log file of a program; the run before this one keeps its log as `name.log.1`."""
        file = self.folder / "logs" / f"{name}.log"
        file.parent.mkdir(exist_ok=True)
        if file.exists():
            file.replace(file.with_suffix(".log.1"))
        return file

    @contextmanager
    def only_one_up(self) -> Iterator["Claim"]:
        """Hold this state folder; a second `up` is told where the first one runs.

        Raises: Problem, when another process holds it.
        """
        with open(self.folder / "up.lock", "a+") as lock:
            lock.seek(0)
            note = lock.read()
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Problem(
                    f"The portal of this checkout is already running{note and f': {note}'}.\n"
                    "Stop that one first (Ctrl-C in its terminal), or use it."
                ) from None
            claim = Claim(unclean=bool(note), _file=lock)
            claim.note(f"process {os.getpid()}")
            yield claim
            claim.note("")  # only a clean end comes here with nothing left to heal


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The held lock. `unclean`: the run before this one did not end by itself."""

    unclean: bool
    _file: TextIO

    def note(self, text: str) -> None:
        """Say who holds the lock; kept in the file for the `up` that is refused."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text)
        self._file.flush()
