"""What the engine's database tests share: a fixed clock, partitions around it, and a tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from common.tenancy import tenant_scope
from tenants.actions import create_tenant
from tenants.models import Tenant
from tests.engine.scene import NOW
from usage.partitions import ensure_partitions


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        ensure_partitions(today=NOW.date())


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """The time is NOW, and passes only by clock.shift() and clock.move_to()."""
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def northwind(db: None, clock: time_machine.Coordinates) -> Tenant:
    """A tenant as it is from the start: standard policy, built-in connector."""
    return create_tenant(slug="northwind", name="Northwind", admin_email="n@example.com", by=None)


@pytest.fixture
def in_northwind(northwind: Tenant) -> Iterator[Tenant]:
    with tenant_scope(northwind.pk):
        yield northwind


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """`file("a,1.5,2026-...")`: a file with a header and these rows."""

    def write(*rows: str, head: str = "id,volume,time", name: str = "usage.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        return path

    return write
