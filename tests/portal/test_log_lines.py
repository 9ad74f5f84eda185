"""One line of JSON an event, which names the request, the task and the tenant that it is about."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import structlog

from common.tenancy import tenant_scope
from licensing.tasks import judge_due
from licensing.views import policies
from licensing.workers import judge
from tem_portal.logs import SHARED

log = structlog.get_logger("tests.log_lines")


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict]]]:
    """`lines()`: what was logged, read as a machine would read it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(), foreign_pre_chain=SHARED
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def mine(lines: Callable[[], list[dict]]) -> dict:
    (line,) = [line for line in lines() if line["event"] == "looked"]
    return line


def looks(*args: object, **kwargs: object) -> bool:
    log.warning("looked", what="a test")
    return True


def test_a_request_names_itself_and_its_tenant(contoso, alice, client_for, lines, monkeypatch):
    monkeypatch.setattr(policies, "feature_is_on", looks)
    client_for(alice).get("/t/contoso/licenses/auto-claim/")
    line = mine(lines)
    assert UUID(line["request_id"])
    assert (line["tenant"], line["level"], line["what"]) == (contoso.pk, "warning", "a test")
    assert line["logger"] == "tests.log_lines" and line["timestamp"].endswith("Z")


def test_a_task_names_itself_its_run_and_the_tenant_it_works_for(contoso, lines, monkeypatch):
    def due(*, now: object) -> None:
        with tenant_scope(contoso.pk):
            looks()

    monkeypatch.setattr(judge, "judge_due", due)
    run = judge_due.apply()
    line = mine(lines)
    assert (line["task"], line["task_id"]) == ("licensing.tasks.judge_due", run.id)
    assert line["tenant"] == contoso.pk


def test_what_comes_after_belongs_to_nobody(contoso, lines, monkeypatch):
    monkeypatch.setattr(judge, "judge_due", lambda *, now: None)
    judge_due.apply()
    with tenant_scope(contoso.pk):
        pass
    looks()
    assert not {"tenant", "task", "task_id"} & mine(lines).keys()


def test_what_other_libraries_log_is_in_the_same_form(contoso, lines):
    with tenant_scope(contoso.pk):
        logging.getLogger("urllib3").warning("looked")
    assert mine(lines)["tenant"] == contoso.pk
