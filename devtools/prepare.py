"""Brings the database up to date: migrations and demo data.

In one process, because loading Django costs a second; it does so while the servers still start, and
goes to work when its standard input ends. What it prints is the table of demo log-ins.
"""

import sys

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def main() -> None:
    django.setup()
    sys.stdin.read()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        # Its progress is not for the terminal, where only the table goes.
        call_command("migrate", interactive=False, stdout=sys.stderr)
    call_command("demo")


if __name__ == "__main__":
    main()
