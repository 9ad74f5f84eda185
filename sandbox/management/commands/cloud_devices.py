"""`manage.py cloud_devices`: more managed devices in a pretend organisation, for trying at size."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from sandbox.actions import generate_devices
from sandbox.cloud.tenants import tenant_named


class Command(BaseCommand):
    help = "Add managed devices to an organisation of the pretend Microsoft cloud."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", help="its domain, as in contoso.example, or tenant id")
        parser.add_argument("count", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The pretend cloud exists only where SANDBOX is set.")
        tenant = tenant_named(options["organisation"])
        if tenant is None:
            raise CommandError("There is no such pretend organisation.")
        if not 1 <= options["count"] <= 1_000_000:
            raise CommandError("Give a count from 1 to 1,000,000.")
        generate_devices(tenant=tenant, count=options["count"], now=timezone.now())
        self.stdout.write(f"{options['count']} managed devices added to {tenant.name}.")
