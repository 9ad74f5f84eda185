"""What a running `up` tells others: the environment in which `manage.py` finds its servers.

Written beside the secrets with mode 600, taken away when `up` ends. One that a killed `up` left
behind is not believed: its lock is free.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devtools.state import State

TOLD = (
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "REDIS_URL",
    "SANDBOX",
    "SANDBOX_ORIGIN",
    "SECRET_KEY",
    "STATE_DIR",
)


@contextmanager
def told(state: State, environment: Mapping[str, str]) -> Iterator[None]:
    """Tell while the block runs."""
    file = _file(state)
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump({name: environment[name] for name in TOLD if name in environment}, out)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def environment_of_running_portal() -> dict[str, str]:
    """What the running `up` of this checkout told; empty when none runs."""
    state = State.of_checkout()
    try:
        with open(state.folder / "up.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return {}
    except BlockingIOError:
        pass  # somebody holds it, so it runs
    except OSError:
        return {}
    try:
        return dict(json.loads(_file(state).read_text()))
    except (OSError, ValueError):
        return {}


def _file(state: State) -> Path:
    return state.folder / "running.json"
