"""`up`: servers, web, worker and scheduler, kept running until Ctrl-C.

1. Take the lock; end what a killed run left behind.
2. Hold the web's port; start the servers, and beside them the two that need a second to load: the
   web, and the preparation of the database (which waits for the servers).
3. Print the address and the log-ins when the web answers; then start worker and scheduler.
4. Look after all of them. In the end stop the programs first and the servers last.
"""

import http.client
import os
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from devtools import portal, stopping
from devtools.keeper import Keeper, last_lines
from devtools.ports import HOST, USUAL_PORT, listen
from devtools.problem import Problem
from devtools.programs import MARK, Running, end_marked, start, stop
from devtools.running import told
from devtools.servers import lasting_servers
from devtools.state import Claim, State

LOOK_EVERY = 0.2


def up(*, port: int | None, fresh: bool) -> int:
    """Run the portal until it is asked to stop. Raises: Problem."""
    if fresh and os.environ.get("DATABASE_URL"):
        raise Problem(
            "--fresh empties the portal's own data, but DATABASE_URL names a database of yours, "
            "which it leaves alone.\nEmpty that one yourself, or unset DATABASE_URL."
        )
    state = State.of_checkout()
    with state.only_one_up() as claim, suppress(KeyboardInterrupt):
        _run(state=state, claim=claim, port=port, fresh=fresh)
    print("\nStopped.", flush=True)
    return 0


def _run(*, state: State, claim: Claim, port: int | None, fresh: bool) -> None:
    end_marked(str(state.folder))
    servers = lasting_servers(state, fresh=fresh)
    settings = {
        **portal.portal_environment(state),
        **servers.environment(),
        MARK: str(state.folder),
    }
    keeper = Keeper()
    preparing: Running | None = None
    with listen(port) as listener, told(state, environment := _reached(settings, listener)):
        address = f"{environment['SANDBOX_ORIGIN']}/"
        claim.note(f"{address} (process {os.getpid()})")
        try:
            starting = servers.start(keeper=keeper)
            web = portal.web(listener, state=state, environment=environment)
            prepare = portal.preparation(state=state, environment=environment)
            web_running = keeper.start(web)
            preparing = start(prepare)
            starting.wait()
            log_ins, _ = preparing.communicate()
            if preparing.returncode != 0:
                raise _did_not_work("The database could not be prepared", log=prepare.log)
            preparing = None
            _wait_for_web(web_running, listener=listener, log=web.log)
            _greet(address, log_ins=log_ins.decode(), asked=port is not None, state=state)
            keeper.start(portal.worker(state=state, environment=environment))
            keeper.start(portal.beat(state=state, environment=environment))
            _look_after(keeper, redis_url=environment["REDIS_URL"])
        finally:
            # From here on nothing interrupts us; every wait below has an end.
            stopping.ignore()
            if preparing is not None:
                stop([(preparing, signal.SIGTERM)], patience=1)
            keeper.stop("web", "worker", "beat", patience=8)
            keeper.stop("valkey", "postgres", patience=15)


def _reached(settings: Mapping[str, str], listener: socket.socket) -> dict[str, str]:
    """The settings with the web's own address, where the pretend cloud answers."""
    return {**settings, "SANDBOX_ORIGIN": f"http://{HOST}:{listener.getsockname()[1]}"}


def _wait_for_web(web: Running, *, listener: socket.socket, log: Path) -> None:
    """Return when the web answers. Connections are accepted already, so a request only waits."""
    port = listener.getsockname()[1]
    deadline = time.monotonic() + 60
    while web.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(HOST, port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR:
                return
            time.sleep(LOOK_EVERY)
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    raise _did_not_work("The web server does not answer", log=log)


def _did_not_work(what: str, *, log: Path) -> Problem:
    return Problem(f"{what}. The end of its log, {log}:\n\n{last_lines(log)}")


def _greet(address: str, *, log_ins: str, asked: bool, state: State) -> None:
    if not asked and not address.endswith(f":{USUAL_PORT}/"):
        print(f"Port {USUAL_PORT} is taken, so another one was chosen.")
    print(f"\nThe portal is ready at {address}\n\n{log_ins.strip()}\n")
    print(f"Logs are in {state.folder / 'logs'}. Ctrl-C stops it.", flush=True)


def _look_after(keeper: Keeper, *, redis_url: str) -> None:
    from devtools.heartbeat import Heartbeat  # loads redis, when nobody waits any more

    heartbeat = Heartbeat(redis_url=redis_url, now=time.monotonic())
    while not stopping.requested():
        keeper.look()
        age = keeper.running_for("worker")
        if heartbeat.silent(now=time.monotonic(), worker_age=age):
            keeper.restart("worker", because="is alive but takes no work")
        time.sleep(LOOK_EVERY)
