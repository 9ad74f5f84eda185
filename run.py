#!/usr/bin/env python3
"""The one way in: `python3 run.py up`, `test` or `bench`, wherever Python 3.11 and pip are.

Standard library only, because it runs before anything is installed. It makes `.venv`, installs the
locked packages the verb needs when their lock has changed, and hands over to `devtools` in there.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"

VERBS = {
    "up": "start the portal with demo data (--port N, --fresh)",
    "test": "run every check and every test (arguments go to pytest)",
    "bench": "run the benchmarks (--only NAME, --scale small|full)",
}
# What each verb installs. A lock lists after itself the locks it contains, so that `up` after
# `test` installs nothing.
LOCKS = {
    "up": ("local", "production"),
    "test": ("test", "local", "production"),
    "bench": ("local", "production"),
}


def main(arguments: list[str]) -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"The portal needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    verb = arguments[0] if arguments else ""
    if verb not in VERBS:
        print("Usage: python3 run.py VERB [options]\n")
        for name, meaning in VERBS.items():
            print(f"  {name:<6} {meaning}")
        sys.exit(0 if verb in ("", "-h", "--help", "help") else 2)
    with only_one_installer():
        install(verb=verb)
    sys.stdout.flush()
    os.chdir(ROOT)
    # Compiled modules are kept, whatever the machine's habit: without them each start takes seconds
    # longer. They go into .venv and __pycache__, which are ours.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "devtools", *arguments])


@contextmanager
def only_one_installer() -> Iterator[None]:
    """Hold the right to change `.venv`; a second `run.py` waits until the first has installed."""
    state = ROOT / ".state"
    state.mkdir(exist_ok=True)
    for folder in (ROOT, state):
        if not os.access(folder, os.W_OK):
            sys.exit(f"You may not write in {folder}: run this as the user who owns it.")
    with open(state / "install.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(*, verb: str) -> None:
    """Bring `.venv` to the verb's lock; nothing to do when the stamp says it is there already."""
    hashes = {
        name: hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()
        for name in LOCKS[verb]
    }
    # The interpreter and the place belong to the stamp: an upgraded Python or a moved checkout
    # leaves a .venv that looks whole and is not.
    home = {"python": sys.version, "base": sys.base_prefix, "place": str(ROOT)}
    stamp = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    usable = VENV_PYTHON.exists() and stamp.get("home") == home
    wanted = LOCKS[verb][0]
    if usable and hashes[wanted] in stamp["locks"]:
        return

    if usable:
        STAMP.unlink()  # until pip has finished, nothing is promised
    else:
        if VENV.exists():
            shutil.rmtree(VENV)
        venv.create(VENV, with_pip=False, symlinks=True)
    print(f"Installing the packages of requirements/{wanted}.txt into .venv ...", flush=True)
    options = ["--require-hashes", "--only-binary", ":all:", "--no-compile", "--quiet"]
    command = [*installer(), *options, "-r", str(ROOT / "requirements" / f"{wanted}.txt")]
    environment = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(
            f"{result.stdout}{result.stderr}\nThe packages could not be installed (see above)."
        )
    STAMP.write_text(json.dumps({"home": home, "locks": list(hashes.values())}))


def installer() -> list[str]:
    """The command that installs into `.venv`: this Python's pip, else ensurepip's, else uv."""
    if importlib.util.find_spec("pip"):
        major, minor = importlib.metadata.version("pip").split(".")[:2]
        if (int(major), int(minor)) >= (22, 3):  # the first pip that knows --python
            return [sys.executable, "-m", "pip", "--python", str(VENV_PYTHON), "install"]
    ensured = subprocess.run([VENV_PYTHON, "-m", "ensurepip"], capture_output=True)
    if ensured.returncode == 0:
        return [str(VENV_PYTHON), "-m", "pip", "install"]
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--python", str(VENV_PYTHON)]
    sys.exit(
        "This Python has neither pip nor ensurepip, so the portal's packages cannot be installed.\n"
        "Install pip and try again, for instance:\n"
        "  Debian, Ubuntu:  apt-get install python3-pip\n"
        "  Fedora:          dnf install python3-pip\n"
        "Without administrator rights, any Python 3.11+ that has pip will do: run run.py with it."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
