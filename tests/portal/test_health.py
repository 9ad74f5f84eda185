"""Alive without anything; ready only with everything; and no word about where things are."""

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tem_portal import health


def test_alive_asks_no_server(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_with_everything_in_place(db):
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True, "failing": []})


@pytest.mark.parametrize(
    ("where", "name", "part"),
    [(cache, "get", "redis"), (MigrationRecorder, "applied_migrations", "migrations")],
)
def test_not_ready_names_the_part_and_not_the_reason(db, monkeypatch, where, name, part):
    def broken(*args, **kwargs):
        raise OperationalError("host=db.internal password=hunter2")

    monkeypatch.setattr(where, name, broken)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (503, {"ready": False, "failing": [part]})
    assert b"hunter2" not in response.content


def test_not_ready_without_the_database(db, monkeypatch):
    def broken(*args, **kwargs):
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", broken)
        response = Client().get("/readyz")
    assert response.status_code == 503
    assert "database" in response.json()["failing"]


def test_not_ready_with_a_migration_that_is_not_applied(db, monkeypatch):
    known = health._on_disk()
    monkeypatch.setattr(health, "_on_disk", lambda: known | {("usage", "9999_tomorrow")})
    assert Client().get("/readyz").json()["failing"] == ["migrations"]


def test_neither_can_be_posted_to(db):
    assert Client().post("/healthz").status_code == 405
    assert Client().post("/readyz").status_code == 405
