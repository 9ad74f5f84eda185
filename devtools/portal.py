"""The portal's own processes as they run on one machine: preparation, web, worker, scheduler."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

from devtools.programs import Program
from devtools.state import ROOT, State

# "fleet" is the queue in which simulated devices answer.
QUEUES = "tem,fleet"


def portal_environment(state: State) -> dict[str, str]:
    """The environment of the portal's processes, less the servers' addresses.

    What the caller has set stays, so a setting can be tried by naming it before the command.
    """
    defaults = {
        "SANDBOX": "1",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "SECRET_KEY": state.secrets().secret_key,
        "STATE_DIR": str(state.folder),
        "DJANGO_SETTINGS_MODULE": "tem_portal.settings",
        "PYTHONUNBUFFERED": "1",
    }
    return {**defaults, **{name: value for name, value in os.environ.items() if value}}


def preparation(*, state: State, environment: Mapping[str, str]) -> Program:
    """Migrations and demo data; it works when its standard input ends, and prints the log-ins."""
    program = _python("prepare", "devtools.prepare", state=state, environment=environment)
    return replace(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def web(listener: socket.socket, *, state: State, environment: Mapping[str, str]) -> Program:
    """The web server, on a socket that is open already."""
    arguments = (
        "gunicorn",
        "tem_portal.wsgi:application",
        f"--bind=fd://{listener.fileno()}",
        "--worker-class=gthread",
        "--workers=2",
        "--threads=8",
        "--preload",  # Django is loaded once, not once per worker
        "--no-control-socket",
    )
    program = _python("web", *arguments, state=state, environment=environment)
    return replace(program, inherited=(listener.fileno(),))


def worker(*, state: State, environment: Mapping[str, str]) -> Program:
    options = (f"--queues={QUEUES}", "--concurrency=2", "--loglevel=INFO")
    arguments = ("celery", "-A", "tem_portal", "worker", *options)
    return _python("worker", *arguments, state=state, environment=environment)


def beat(*, state: State, environment: Mapping[str, str]) -> Program:
    options = (f"--schedule={state.folder / 'beat-schedule'}", "--pidfile=", "--loglevel=INFO")
    arguments = ("celery", "-A", "tem_portal", "beat", *options)
    return _python("beat", *arguments, state=state, environment=environment)


def _python(name: str, *arguments: str, state: State, environment: Mapping[str, str]) -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-m", *arguments),
        environment=environment,
        log=state.log(name),
        folder=ROOT,
    )
