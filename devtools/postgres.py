"""The embedded PostgreSQL: the wheel's own programs, run directly.

The wheel's Python launcher is not used: it trusts stale pid files, and as root it makes a user and
opens parent folders. Data comes into being under another name and is renamed when whole, so a
half-made cluster is never started. The portal's role is no superuser, as on a server of one's own.
"""

import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from devtools.place import GIVE_ONE, Place
from devtools.ports import HOST
from devtools.problem import Problem
from devtools.programs import Program, Running, as_account, dying_with_us

ROLE = DATABASE = "portal"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
DURABLE: Mapping[str, str] = {}
# For data that lives as long as one test run.
FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One cluster: `folder` belongs to the place's account and holds nothing else."""

    place: Place
    folder: Path
    password: str
    port: int
    log: Path
    settings: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"postgres://{ROLE}:{self.password}@{HOST}:{self.port}/{DATABASE}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def create(self) -> None:
        """Make the data, unless it is there; nobody runs on it now. Raises: Problem."""
        # The number in a pid file left by a crash may by now belong to a stranger, and then
        # PostgreSQL would refuse to start.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        ours = self._program("postgres", "--version")
        major = ours.split()[-1].split(".")[0]
        version = self.data / "PG_VERSION"
        if version.exists():
            if version.read_text().strip() != major:
                raise Problem(
                    "The portal's data was written by PostgreSQL "
                    f"{version.read_text().strip()}, and this is {major}.\n"
                    "`python3 run.py up --fresh` starts again with empty data."
                )
            return
        new = self.folder / "new"
        if new.exists():
            shutil.rmtree(new)
        password = self.folder / "password"
        password.touch()
        self.place.give(password)
        password.write_text(self.password)
        # The locale is PostgreSQL's own, so that sorting does not depend on the machine.
        locale = ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        sync = () if self.settings is DURABLE else ("--no-sync",)
        login = ("--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256")
        self._program("initdb", f"--pgdata={new}", "--encoding=UTF8", *locale, *login, *sync)
        password.unlink()
        new.rename(self.data)

    def program(self) -> Program:
        settings = {
            "port": str(self.port),
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": "200",
            **self.settings,
        }
        options = [
            option for name, value in settings.items() for option in ("-c", f"{name}={value}")
        ]
        return Program(
            name="postgres",
            command=(str(self.place.programs / "postgres"), "-D", str(self.data), *options),
            environment=ENVIRONMENT,
            log=self.log,
            folder=self.folder,
            account=self.place.account,
            stop_signal=signal.SIGINT,  # "fast": end the sessions, write everything, go
        )

    def wait(self, running: Running) -> None:
        """Return when it answers and the portal's role and database exist. Raises: Problem."""
        deadline = time.monotonic() + 60
        while True:
            try:
                connection = psycopg2.connect(
                    host=HOST,
                    port=self.port,
                    user="postgres",
                    password=self.password,
                    dbname="postgres",
                )
                break
            except psycopg2.OperationalError as error:
                if running.poll() is not None or time.monotonic() > deadline:
                    raise Problem(
                        f"The embedded PostgreSQL does not start: {error}\n{self._last_words()}\n"
                        f"The whole log: {self.log}\n{GIVE_ONE}"
                    ) from error
                time.sleep(0.02)
        connection.autocommit = True  # CREATE DATABASE allows no transaction
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD %s", [self.password])
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
        connection.close()

    def _program(self, name: str, *arguments: str) -> str:
        result = subprocess.run(
            [str(self.place.programs / name), *arguments],
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            preexec_fn=dying_with_us(signal.SIGKILL),
            **as_account(self.place.account),
        )
        if result.returncode != 0:
            raise Problem(f"{name} failed:\n{result.stdout}{result.stderr}\n{GIVE_ONE}")
        return result.stdout

    def _last_words(self) -> str:
        return "".join(self.log.read_text().splitlines(keepends=True)[-15:])
