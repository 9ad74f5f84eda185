"""`manage.py rebuild_counters`: counters from records, or the proof that they agree."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.tenancy import tenant_scope
from tenants.models import Tenant
from usage.workers.counters import differences, rebuild


class Command(BaseCommand):
    help = "Rebuild day counters from usage records; with --check only compare them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Compare, and change nothing.")
        parser.add_argument("--tenant", metavar="SLUG", help="Only this tenant.")

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = Tenant.objects.order_by("slug")
        if options["tenant"]:
            tenants = tenants.filter(slug=options["tenant"])
            if not tenants:
                raise CommandError(f"There is no tenant {options['tenant']!r}.")
        wrong = 0
        for tenant in tenants:
            with tenant_scope(tenant.pk):
                if options["check"]:
                    found = differences()
                    wrong += len(found)
                    for line in found[:20]:
                        self.stdout.write(f"{tenant.slug}  {line}")
                    self.stdout.write(f"{tenant.slug}: {len(found)} counters differ")
                else:
                    self.stdout.write(f"{tenant.slug}: {rebuild()} counters written")
        if wrong:
            raise CommandError(f"{wrong} counters differ from their records.")
