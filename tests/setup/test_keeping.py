"""Programs are kept running, and a worker that only looks alive is found out."""

import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings

from devtools.heartbeat import KEY, LOOK_EVERY, TOO_LONG, Heartbeat
from devtools.keeper import Keeper
from devtools.programs import Program
from jobs.runs import SLICE
from tests.setup.portal_run import eventually


def program(code: str, *, folder: Path) -> Program:
    return Program(
        name="example",
        command=(sys.executable, "-c", code),
        environment={},
        log=folder / "example.log",
        folder=folder,
    )


def test_one_that_dies_starts_again_and_the_terminal_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keeper = Keeper()
    first = keeper.start(program("print('hello', flush=True); exit(3)", folder=tmp_path))
    first.wait()
    keeper.look()
    assert "example ended (status 3), starts again in 1 s" in capsys.readouterr().out

    def greeted_twice() -> bool:
        keeper.look()
        return (tmp_path / "example.log").read_text().count("hello") == 2

    eventually(greeted_twice, within=5)
    keeper.stop("example", patience=1)


def test_its_pauses_grow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keeper = Keeper()
    keeper.start(program("exit(1)", folder=tmp_path))

    def died_twice() -> bool:
        keeper.look()
        return "in 2 s" in capsys.readouterr().out

    eventually(died_twice, within=5)
    keeper.stop("example", patience=1)


def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time;"
        "print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    keeper = Keeper()
    keeper.start(program(code, folder=tmp_path))
    log = tmp_path / "example.log"
    eventually(lambda: log.read_text().endswith("\n"), within=5)
    keeper.stop("example", patience=5)
    status = Path(f"/proc/{log.read_text().strip()}/stat")
    eventually(lambda: not status.exists() or status.read_text().split()[2] == "Z", within=5)


def test_a_request_to_stop_is_remembered_where_python_drops_the_exception(tmp_path: Path) -> None:
    code = """
import time
from devtools import stopping
stopping.heed()
class Finalized:
    def __del__(self):
        print("waiting", flush=True)
        time.sleep(20)
Finalized()
print("requested" if stopping.requested() else "lost", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.terminate()
        assert process.stdout.readline() == "requested\n"


# --- the heartbeat, on a clock of the test -------------------------------------------------------

LATER = TOO_LONG + LOOK_EVERY


@pytest.fixture
def server() -> redis.Redis:
    server = redis.Redis.from_url(settings.REDIS_URL)
    server.delete(KEY)
    return server


def heartbeat(redis_url: str | None = None) -> Heartbeat:
    return Heartbeat(redis_url=redis_url or settings.REDIS_URL, now=0)


def test_a_worker_whose_beat_changes_is_left_alone(server: redis.Redis) -> None:
    watch = heartbeat()
    for now in (0, LATER, 2 * LATER):
        server.set(KEY, now)
        assert not watch.silent(now=now, worker_age=1000)


def test_a_worker_whose_beat_stands_still_is_found_out(server: redis.Redis) -> None:
    watch = heartbeat()
    server.set(KEY, 1)
    assert not watch.silent(now=0, worker_age=1000)
    assert watch.silent(now=LATER, worker_age=1000)


def test_a_worker_that_never_beats_is_found_out(server: redis.Redis) -> None:
    assert heartbeat().silent(now=LATER, worker_age=1000)


def test_a_young_worker_has_time_to_begin(server: redis.Redis) -> None:
    assert not heartbeat().silent(now=LATER, worker_age=TOO_LONG)


def test_a_slice_of_long_work_is_no_silence() -> None:
    assert TOO_LONG > SLICE


def test_while_redis_is_away_no_worker_is_blamed() -> None:
    assert not heartbeat("redis://127.0.0.1:1/0").silent(now=LATER, worker_age=1000)
