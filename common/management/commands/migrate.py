"""Django's `migrate`, in seconds instead of a minute: see `common.lazy_state`."""

from typing import Any

from django.core.management.commands import migrate

from common.lazy_state import LazyExecutor


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        migrate.MigrationExecutor = LazyExecutor
        super().handle(*args, **options)
