"""Runs the benchmarks one after the other and prints a line for each."""

from __future__ import annotations

import argparse
import os

NAMES = (
    "import", "agent_batch", "agent_single", "enforce", "claims", "page_lines", "page_dashboard",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument("--only", choices=NAMES, help="run one benchmark")
    parser.add_argument("--scale", choices=("small", "full"), default="full")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    os.environ["LOG_LEVEL"] = "ERROR"

    import django

    django.setup()

    from benchmarks import (
        bench_agent,
        bench_claims,
        bench_enforce,
        bench_import,
        bench_page_dashboard,
        bench_page_lines,
    )
    from benchmarks.harness import own_database

    benches = {
        "import": bench_import.run,
        "agent_batch": bench_agent.run_batch,
        "agent_single": bench_agent.run_single,
        "enforce": bench_enforce.run,
        "claims": bench_claims.run,
        "page_lines": bench_page_lines.run,
        "page_dashboard": bench_page_dashboard.run,
    }
    from tem_portal.celery import set_aside_what_stays

    set_aside_what_stays()  # as every worker does
    for name in [options.only] if options.only else NAMES:
        with own_database():
            print(benches[name](small=options.scale == "small").line(name), flush=True)


if __name__ == "__main__":
    main()
