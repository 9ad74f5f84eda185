"""A real worker killed -9 in the middle of an import: another ends it, with the right counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from jobs import files
from jobs.models import Job, JobState
from tenants.models import User
from tests.faults.conftest import Processes
from tests.faults.scene import Scene
from usage.actions import usage_imports
from usage.actions.import_rows import Options
from usage.dialects import Layout
from usage.models import Carrier, UsageImport, UsageRecord
from usage.workers.counters import differences

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 200_000
LAYOUT = Layout("line", "mb", "MB", "time", ZoneInfo("UTC"))


def _file(scene: Scene) -> bytes:
    now = timezone.now().replace(tzinfo=None, microsecond=0)
    names = [line.reference for line in scene.lines]
    rows = [
        f"{names[number % len(names)]},0.001,{now - timedelta(seconds=60 + number)}"
        for number in range(ROWS)
    ]
    bad = ["nobody,1,2026-01-01", "x,y,z"] * 5
    return "\n".join(["line,mb,time", *bad, *rows]).encode()


def test_an_import_survives_the_death_of_its_worker(
    processes: Processes, eventually: Callable[..., None]
) -> None:
    scene = Scene(count=50)
    now = timezone.now()
    with tenant_scope(scene.tenant.pk):
        usage_import: UsageImport = usage_imports.upload(
            name="usage.csv",
            parts=[_file(scene)],
            carrier=Carrier.objects.get(),
            now=now,
            by=_admin(scene),
        )
        usage_imports.choose_columns(
            usage_import=usage_import,
            options=Options(layout=LAYOUT, line_key="reference"),
            now=now,
            by=_admin(scene),
        )

    def job() -> Job:
        with tenant_scope(scene.tenant.pk):
            return Job.objects.select_related("output").latest("pk")

    def checked() -> None:
        assert job().state == JobState.DONE

    processes.worker("first")
    processes.beat()
    eventually(checked, limit=120)
    with tenant_scope(scene.tenant.pk):
        assert not UsageRecord.objects.exists()
        usage_imports.begin(
            usage_import=usage_import, confirmed=True, now=timezone.now(), by=_admin(scene)
        )

    def half_way() -> None:
        assert job().checkpoint.get("row", 0) > 20_000

    eventually(half_way)
    processes.kill("first")
    at_death = job()
    assert at_death.state == JobState.RUNNING
    assert at_death.done < ROWS
    processes.worker("second")

    def is_over() -> None:
        assert job().state == JobState.DONE

    eventually(is_over, limit=180)  # the lease of the dead one has to run out first
    with tenant_scope(scene.tenant.pk):
        counts = job().result["counts"]
        assert counts["accepted"] == ROWS
        assert (counts["duplicate"], counts["rejected"], counts["unmatched"]) == (0, 5, 5)
        assert UsageRecord.objects.count() == ROWS
        assert differences() == []
        content = b"".join(files.parts_of(job().output)).decode()
        assert len(content.splitlines()) == 11


def _admin(scene: Scene) -> User:
    return User.objects.get(email=f"admin@{scene.tenant.slug}.example")
