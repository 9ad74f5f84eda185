"""Pairs of measurements, and the processes and the database they need."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

PAIRS = 7


@dataclass(frozen=True)
class Outcome:
    """Figures of all pairs; `ratio` is ours to baseline in the sense the floor is written in."""

    ours: list[float]
    base: list[float]
    ratios: list[float]
    unit: str

    def line(self, name: str) -> str:
        return (
            f"bench {name} ours={statistics.median(self.ours):.4g}{self.unit} "
            f"base={statistics.median(self.base):.4g}{self.unit} "
            f"ratio={statistics.median(self.ratios):.3g} "
            f"range={min(self.ratios):.3g}..{max(self.ratios):.3g}"
        )


def in_turns(
    *, ours: Callable[[], float], base: Callable[[], float], unit: str, pairs: int = PAIRS
) -> Outcome:
    """Measure ours and the baseline in turns, after one warm-up of each."""
    ours(), base()
    measured = [(ours(), base()) for _ in range(pairs)]
    return Outcome(
        ours=[a for a, _ in measured],
        base=[b for _, b in measured],
        ratios=[a / b for a, b in measured],
        unit=unit,
    )


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def own_database() -> Iterator[None]:
    """A migrated database beside the configured one; this process and its children use it."""
    before = os.environ["DATABASE_URL"]
    old_name = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(before)._replace(path=f"/{name}"))
    try:
        yield
    finally:
        os.environ["DATABASE_URL"] = before
        connection.creation.destroy_test_db(old_name, verbosity=0)


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A child that ends with the block; its noise goes nowhere."""
    child = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()


def worker() -> contextmanager:
    """The portal's Celery worker as `up` runs it, with the benchmarks' own tasks besides."""
    return process(
        "celery",
        "-A",
        "tem_portal",
        "worker",
        "--concurrency=2",
        "--queues=tem,fleet",
        "--include=benchmarks.tasks",
        "--loglevel=ERROR",
        "--without-gossip",
        "--without-mingle",
    )


def wait_until(condition: Callable[[], bool], *, limit: float = 120.0) -> None:
    """Poll every few milliseconds; raises TimeoutError after `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("The benchmark waited in vain.")
        time.sleep(0.004)
