"""Starting and stopping programs so that none outlives the one who started it.

1. Each program leads its own process group: Ctrl-C reaches only us, and we end them in order.
2. On Linux the kernel sends each its stop signal when we die, even by kill -9. That bond is to
   the thread that started it, so programs are started from the main thread only.
3. Each carries MARK in its environment. What a kill -9 left behind all the same (a worker's
   children, say) is found by it and ended by the next `up`.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import psutil

MARK = "TEM_PORTAL_KEPT_FOR"
PR_SET_PDEATHSIG = 1
# Loaded here, because between fork and exec nothing may be loaded any more.
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

Running = subprocess.Popen[bytes]


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run. `account`: the user it runs as, when we are root and it must not be.

    `inherited`: open file descriptors it keeps. `stdout`: the log, unless it is subprocess.PIPE.
    `before` runs ahead of every start.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    folder: Path
    account: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    inherited: tuple[int, ...] = ()
    stdin: int = subprocess.DEVNULL
    stdout: int | None = None
    before: Callable[[], None] | None = None


def start(program: Program) -> Running:
    """Start it, output to the end of its log. Raises: OSError."""
    if program.before:
        program.before()
    with open(program.log, "ab") as log:
        return subprocess.Popen(
            program.command,
            cwd=program.folder,
            env=program.environment,
            stdin=program.stdin,
            stdout=log if program.stdout is None else program.stdout,
            stderr=log,
            pass_fds=program.inherited,
            process_group=0,
            preexec_fn=dying_with_us(program.stop_signal),
            **as_account(program.account),
        )


class AsAccount(TypedDict, total=False):
    """The arguments of `subprocess` that choose who a program runs as."""

    user: str
    group: int
    extra_groups: tuple[int, ...]


def as_account(name: str | None) -> AsAccount:
    """Run as this user, with none of our groups; None: as ourselves."""
    if name is None:
        return {}
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": ()}


def dying_with_us(stop_signal: signal.Signals) -> Callable[[], None]:
    """What a child does just before its program starts: ask the kernel for our death notice.

    It must come after the change of user, which clears the request; `subprocess` has that order.
    """
    parent = os.getpid()

    def ask() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, stop_signal.value)
            if os.getppid() != parent:  # we died before the request
                os._exit(1)

    return ask


def stop(running: Iterable[tuple[Running, signal.Signals]], *, patience: float) -> None:
    """Ask all to stop, wait `patience` seconds for all together, then end them by force."""
    programs = list(running)
    for program, stop_signal in programs:
        program.send_signal(stop_signal)  # does nothing to one that has ended
    deadline = time.monotonic() + patience
    for program, _ in programs:
        with suppress(subprocess.TimeoutExpired):
            program.wait(timeout=max(0, deadline - time.monotonic()))
        end_group(program.pid)
        program.wait()
        _await_end(program.pid)


def end_group(group: int) -> None:
    """End by force what is left of a program and of those it started (a worker's children)."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _await_end(group: int, *, patience: float = 2) -> None:
    """Wait until the system has buried what was ended by force; that takes it a moment."""
    deadline = time.monotonic() + patience
    with suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(0.02)


def end_marked(mark: str) -> None:
    """End the programs that an earlier run with this mark left behind."""
    left = [process for process in psutil.process_iter() if _environment(process).get(MARK) == mark]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=5)


def end_servers_in(folder: Path) -> None:
    """End the PostgreSQL and Valkey that an earlier run left behind on data in this folder.

    SIGINT makes both write everything and go; they get ten seconds for it.
    """
    left = [process for process in psutil.process_iter() if _serves(process, folder=folder)]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)
    _, stubborn = psutil.wait_procs(left, timeout=10)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return dict(process.environ())
    except (psutil.Error, OSError):  # not ours to look into, or gone
        return {}


def _serves(process: psutil.Process, *, folder: Path) -> bool:
    try:
        if process.name() not in ("postgres", "initdb", "valkey-server"):
            return False
        return any(Path(argument).is_relative_to(folder) for argument in process.cmdline())
    except (psutil.Error, OSError):
        return False
