"""`manage.py rotate_secrets`: seal every stored secret with the newest of ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.refusals import Refused
from common.tenancy import across_tenants
from connectors.actions.app_registrations import rotate_all


class Command(BaseCommand):
    help = "Seal the stored secrets anew, after a key was put in front of ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with across_tenants("sealing every tenant's secrets with the newest key"):
                count = rotate_all()
        except Refused as refused:
            raise CommandError(str(refused.sentence)) from None
        self.stdout.write(f"{count} secrets are sealed with the newest key.")
