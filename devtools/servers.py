"""The two servers of the portal: those of the environment where it names them, else embedded ones.

Each of the two is decided by itself, so a given PostgreSQL works together with an embedded Valkey.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import environ
import psycopg2

from devtools.keeper import Keeper
from devtools.place import Place, find_place
from devtools.ports import free_port
from devtools.postgres import DURABLE, Postgres
from devtools.problem import Problem
from devtools.programs import Running, end_servers_in
from devtools.state import State
from devtools.valkey import Valkey

OLDEST_POSTGRES = 15


@dataclass(frozen=True, kw_only=True)
class Servers:
    """`postgres` and `valkey` are None where the environment names a server."""

    postgres: Postgres | None
    valkey: Valkey | None

    def environment(self) -> dict[str, str]:
        """The addresses, for settings."""
        return {
            "DATABASE_URL": self.postgres.url if self.postgres else os.environ["DATABASE_URL"],
            "REDIS_URL": self.valkey.url if self.valkey else os.environ["REDIS_URL"],
        }

    def start(self, *, keeper: Keeper) -> "Starting":
        """Start the embedded ones; they need a moment, which the caller can use."""
        if self.postgres:
            self.postgres.create()
        return Starting(
            servers=self,
            postgres=keeper.start(self.postgres.program()) if self.postgres else None,
            valkey=keeper.start(self.valkey.program()) if self.valkey else None,
        )


@dataclass(frozen=True, kw_only=True)
class Starting:
    servers: Servers
    postgres: Running | None
    valkey: Running | None

    def wait(self) -> None:
        """Return when both servers answer. Raises: Problem."""
        if self.servers.postgres and self.postgres:
            self.servers.postgres.wait(self.postgres)
        else:
            _check_given_postgres(os.environ["DATABASE_URL"])
        if self.servers.valkey and self.valkey:
            self.servers.valkey.wait(self.valkey)
        else:
            _check_given_redis(os.environ["REDIS_URL"])


def lasting_servers(state: State, *, fresh: bool) -> Servers:
    """Those of `up`, whose data stays; `fresh` empties it first. Nobody runs on it afterwards."""
    place = _place(state)
    folder = _home(state, place=place) / "up"
    end_servers_in(folder)
    if fresh:
        state.empty()
        if folder.exists():
            shutil.rmtree(folder)
    return _servers(state, place=place, folder=folder, settings=DURABLE, name="up")


@contextmanager
def passing_servers(state: State, *, settings: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Servers with empty data for one run, removed afterwards; yields their addresses."""
    place = _place(state)
    keeper = Keeper()
    with _folder_of_one_run(_home(state, place=place) / "runs") as folder:
        try:
            servers = _servers(state, place=place, folder=folder, settings=settings, name="run")
            servers.start(keeper=keeper).wait()
            yield servers.environment()
        finally:
            keeper.stop("valkey", "postgres", patience=10)


@contextmanager
def _folder_of_one_run(runs: Path) -> Iterator[Path]:
    """A new folder that is removed afterwards.

    Each run holds the lock in its folder; where it is free, the run was killed.
    """
    runs.mkdir(exist_ok=True)
    with ExitStack() as held:
        with open(runs.with_suffix(".lock"), "a") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            for left in runs.iterdir():
                with open(left / "lock", "a") as lock:
                    if _try_lock(lock):
                        end_servers_in(left)
                        shutil.rmtree(left)
            folder = Path(tempfile.mkdtemp(dir=runs))
            folder.chmod(0o711)
            lock = held.enter_context(open(folder / "lock", "a"))
            _try_lock(lock)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def _place(state: State) -> Place | None:
    """Where PostgreSQL lives; None where one is given."""
    return None if os.environ.get("DATABASE_URL") else find_place(state)


def _home(state: State, *, place: Place | None) -> Path:
    home = place.folder if place else state.folder / "servers"
    home.mkdir(exist_ok=True)
    return home


def _servers(
    state: State, *, place: Place | None, folder: Path, settings: Mapping[str, str], name: str
) -> Servers:
    secrets = state.secrets()
    folder.mkdir(mode=0o711, exist_ok=True)
    postgres = valkey = None
    if place:
        home = folder / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)
        place.give(home)
        postgres = Postgres(
            place=place,
            folder=home,
            password=secrets.postgres,
            port=free_port(),
            log=state.log(f"{name}-postgres"),
            settings=settings,
        )
    if not os.environ.get("REDIS_URL"):
        home = folder / "valkey"
        home.mkdir(mode=0o700, exist_ok=True)
        valkey = Valkey(
            folder=home,
            password=secrets.valkey,
            port=free_port(),
            log=state.log(f"{name}-valkey"),
        )
    return Servers(postgres=postgres, valkey=valkey)


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_given_postgres(url: str) -> None:
    if not re.match(r"(postgres|postgresql|psql|pgsql)://", url):
        raise Problem("DATABASE_URL must have the form postgres://user:password@host:port/name.")
    try:
        named = environ.Env.db_url_config(url)
        connection = psycopg2.connect(
            host=named["HOST"],
            port=named["PORT"] or 5432,
            user=named["USER"],
            password=named["PASSWORD"],
            dbname=named["NAME"],
            connect_timeout=5,
        )
    except (psycopg2.OperationalError, environ.ImproperlyConfigured, ValueError) as error:
        raise Problem(
            f"DATABASE_URL is set, but no PostgreSQL can be used there:\n{error}"
            "Mend the address, or unset it and the portal brings its own PostgreSQL."
        ) from error
    major = connection.server_version // 10000
    connection.close()
    if major < OLDEST_POSTGRES:
        raise Problem(
            f"DATABASE_URL leads to PostgreSQL {major}; the portal needs {OLDEST_POSTGRES}."
        )


def _check_given_redis(url: str) -> None:
    import redis  # costs a third of a second, and only a given server needs it here

    try:
        redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        raise Problem(
            f"REDIS_URL is set, but no Redis or Valkey can be used there:\n{error}\n"
            "Mend the address, or unset it and the portal brings its own Valkey."
        ) from error
