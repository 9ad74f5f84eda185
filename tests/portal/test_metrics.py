"""/metrics: there for a scraper with the token, absent for everybody else, the same everywhere."""

import re

import pytest
import redis
from django.conf import settings
from django.test import Client

from common.tenancy import tenant_scope
from jobs.models import Job
from jobs.tasks import run_periodic
from tem_portal.celery import HEARTBEAT, TASKS
from tenants.actions import create_tenant
from tests.engine.scene import GB, lines_with_phones, online, settle, use

TOKEN = {"Authorization": "Bearer s3cret-of-the-scraper"}


@pytest.fixture
def in_northwind(db):
    """A tenant with a policy and a connector, as it is from the start."""
    tenant = create_tenant(slug="northwind", name="Northwind", admin_email="n@a.example", by=None)
    with tenant_scope(tenant.pk):
        yield tenant


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = "s3cret-of-the-scraper"


def figures() -> dict[str, float]:
    response = Client().get("/metrics", headers=TOKEN)
    assert response.status_code == 200
    found = re.findall(r"^(tem_\S+) (\S+)$", response.content.decode(), re.M)
    return {name: float(value) for name, value in found}


@pytest.mark.parametrize("brought", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "é"}])
def test_without_the_token_there_is_no_page(db, token, brought):
    assert Client().get("/metrics", headers=brought).status_code == 404


def test_without_a_token_in_the_settings_nobody_gets_in(db, settings):
    settings.METRICS_TOKEN = ""
    for brought in ({}, {"Authorization": "Bearer "}, TOKEN):
        assert Client().get("/metrics", headers=brought).status_code == 404


def test_it_tells_what_waits_and_what_came(in_northwind, token):
    [(line, device)] = lines_with_phones("ios")
    assert figures()["tem_lines_due"] == 1
    settle()
    online(device, False)
    use(line, 2 * GB)
    settle()
    Job.objects.all().delete()
    found = figures()
    assert found["tem_lines_due"] == 0
    assert found['tem_commands_open{status="pushed"}'] == 1
    assert found['tem_signals_last_hour{outcome="processed"}'] == 1
    assert "tem_usage_records_total" in found


def test_runs_of_tasks_are_summed_where_all_workers_reach_them(db, token):
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.delete(TASKS, HEARTBEAT)
    for _time in range(2):
        run_periodic.apply()
    found = figures()
    assert found['tem_task_runs_total{task="jobs.tasks.run_periodic"}'] == 2
    assert found['tem_task_seconds_total{task="jobs.tasks.run_periodic"}'] > 0
    assert found["tem_worker_heartbeat_age_seconds"] < 60
    assert found["tem_redis_up"] == 1


def test_it_asks_the_same_few_queries_however_much_there_is(
    in_contoso, token, django_assert_num_queries
):
    lines_with_phones("ios", "knox", "ios")
    with django_assert_num_queries(6):
        figures()
