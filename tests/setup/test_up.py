"""`run.py up`: one portal per checkout, that nothing kills for good and that leaves nothing behind.

The first test to come makes the database; the others find it, as a second `up` does.
"""

import contextlib
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from devtools.servers import lasting_servers
from devtools.state import State
from tests.setup.portal_run import PortalRun, devtools, eventually, gone


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("state")
    yield folder
    # As root the database lives elsewhere, because PostgreSQL's account cannot reach this folder.
    elsewhere = folder / "servers" / "are-in"
    if elsewhere.exists():
        shutil.rmtree(elsewhere.read_text())


@contextlib.contextmanager
def portal(*options: str, state: Path) -> Iterator[PortalRun]:
    run = PortalRun.start(*options, state=state)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_prints_an_address_that_answers_and_log_ins_that_can_be_read(state: Path) -> None:
    with portal("--port", str(port := free_port()), state=state) as run:
        assert run.address == f"http://127.0.0.1:{port}/"
        assert requests.get(run.address, timeout=10).ok
        table = run.text.split("ready at ")[1].split("\n\n")[1].splitlines()
        header, *rows = [line.split("  ") for line in table]
        assert [cell.strip() for cell in header if cell] == ["role", "e-mail", "password"]
        assert rows
        assert all("@" in "  ".join(row) for row in rows)


def test_a_taken_port_is_avoided_and_a_wanted_one_is_not(state: Path) -> None:
    with contextlib.ExitStack() as taken:
        with contextlib.suppress(OSError):  # whoever has it, it is taken
            taken.enter_context(socket.create_server(("127.0.0.1", 8000)))
        with portal(state=state) as run:
            assert run.port != 8000
            assert "Port 8000 is taken" in run.text
            assert run.answers()
    with socket.create_server(("127.0.0.1", 0)) as other:
        wanted = str(other.getsockname()[1])
        refused = devtools("up", "--port", wanted, STATE_DIR=str(state))
        assert refused.returncode == 1
        assert f"Port {wanted} cannot be used" in refused.stderr


def test_a_second_up_is_told_where_the_first_one_runs(state: Path) -> None:
    with portal("--port", str(free_port()), state=state) as run:
        second = devtools("up", STATE_DIR=str(state))
        assert second.returncode == 1
        assert f"already running: {run.address}" in second.stderr
        assert run.answers()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_leaves_no_process(state: Path, how: signal.Signals) -> None:
    with portal("--port", str(free_port()), state=state) as run:
        family = run.family()
        assert len(family) > 5
        assert run.end(how) == 0
        assert gone(family)


def test_after_kill_9_nothing_lives_on_and_the_next_up_works(state: Path) -> None:
    with portal("--port", str(port := free_port()), state=state) as run:
        family = run.family()
        run.end(signal.SIGKILL)
    with portal("--port", str(port), state=state) as run:
        assert run.answers()
        eventually(lambda: gone(family), within=15)


def test_whatever_dies_is_started_again(state: Path) -> None:
    with portal("--port", str(free_port()), state=state) as run:
        kept = psutil.Process(run.process.pid)
        eventually(
            lambda: len(kept.children()) == 5, within=10
        )  # the last two start after the greeting
        victims = kept.children()
        for victim in victims:
            victim.kill()
        eventually(lambda: run.text.count("starts again in") >= len(victims), within=10)
        eventually(run.answers, within=20)
        eventually(lambda: len(run.family()) > len(victims), within=20)


def test_fresh_empties_the_database_and_the_files_but_keeps_the_secrets(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    here = State(folder=state)
    secrets = here.secrets()
    (state / "imports").mkdir(exist_ok=True)
    before = lasting_servers(here, fresh=False).postgres
    assert before is not None
    assert before.data.exists()
    lasting_servers(here, fresh=True)
    assert not before.data.exists()
    assert not (state / "imports").exists()
    assert here.secrets() == secrets
