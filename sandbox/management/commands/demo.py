"""`manage.py demo`: the demo data, and the table of its log-ins."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sandbox import connections, demo, licensed
from sandbox.cloud import seed


class Command(BaseCommand):
    help = "Make the demo tenants, if they are not there, and print their log-ins."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo exists only where SANDBOX is set.")
        if not demo.exists():
            demo.create(now=timezone.now())
        if not seed.exists():
            seed.make_cloud(now=timezone.now())
            connections.connect_demo(now=timezone.now())
        licensed.begin(now=timezone.now())
        rows = [("role", "e-mail", "password"), *demo.log_ins()]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        for role, email, password in rows:
            self.stdout.write(f"{role:<{widths[0]}}  {email:<{widths[1]}}  {password}")
