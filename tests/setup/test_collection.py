"""xdist stops where its workers collect different tests, and each hashes text in its own way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_process_collects_the_same_tests_in_the_same_order():
    collections = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", "--numprocesses=0"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "7")
    ]
    first, second = (
        [line for line in run.communicate()[0].splitlines() if "::" in line] for run in collections
    )
    assert [run.returncode for run in collections] == [0, 0]
    assert len(first) > 1_000
    assert first == second
