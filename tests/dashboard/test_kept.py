"""Figures are kept as long as they were dear, for one tenant, and never instead of an answer."""

from dataclasses import dataclass, make_dataclass
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisIsAway

from common import kept as module
from common.kept import Kept, kept
from common.tenancy import tenant_scope

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Sample:
    number: int


@pytest.fixture
def work(monkeypatch):
    """Counts how often it was done; each time takes a second of the stopwatch."""
    done, ticks = [], iter(range(10**6))
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(ticks))

    def compute():
        done.append(1)
        return Sample(number=len(done))

    return compute


START = timezone.now()


def at(seconds, work):
    with time_machine.travel(START + timedelta(seconds=seconds), tick=False):
        return kept(Sample, work).figures.number


def test_a_second_of_work_is_kept_for_fifty(in_contoso, work):
    assert [at(s, work) for s in (0, 1, 49, 51, 52)] == [1, 1, 1, 2, 2]


def test_figures_say_since_when_they_are(in_contoso, work):
    at(0, work)
    with time_machine.travel(START + timedelta(seconds=30), tick=False):
        found = kept(Sample, work)
    assert found == Kept(figures=Sample(1), at=START, took=1)


def test_each_tenant_has_its_own(contoso, fabrikam, work):
    with tenant_scope(contoso.pk):
        assert at(0, work) == 1
    with tenant_scope(fabrikam.pk):
        assert at(0, work) == 2
    with tenant_scope(contoso.pk):
        assert at(0, work) == 1


def test_while_one_computes_the_others_show_what_there_was(in_contoso, work):
    assert at(0, work) == 1
    cache.add(f"{module._key(Sample)}:computing", 1)
    assert at(60, work) == 1


def test_figures_of_another_shape_are_not_read(in_contoso):
    later = make_dataclass("Sample", ["number", "more"])
    assert later.__qualname__ == Sample.__qualname__
    assert module._key(later) != module._key(Sample)


def test_without_redis_everything_is_computed(in_contoso, work, monkeypatch):
    def away(*arguments, **options):
        raise RedisIsAway

    for name in ("get", "set", "add", "delete"):
        monkeypatch.setattr(cache, name, away)
    assert [at(0, work), at(1, work)] == [1, 2]
