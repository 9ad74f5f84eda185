"""Founding a tenant from the command line, as an operator does on the page."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.refusals import Refused
from tenants.actions import create_tenant
from tenants.forms import TenantForm


class Command(BaseCommand):
    help = "Create a tenant and make somebody its global administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slug", required=True, help="lower-case name in addresses: contoso")
        parser.add_argument("--name", required=True, help="the organisation's name")
        parser.add_argument("--admin-email", required=True, help="first global administrator")
        parser.add_argument("--time-zone", default="Europe/Amsterdam")
        parser.add_argument("--currency", default="EUR")
        parser.add_argument("--home-country", default="NL")
        parser.add_argument("--cloud", default="global")

    def handle(self, **options: Any) -> None:
        form = TenantForm({name: options[name] for name in TenantForm.base_fields})
        if not form.is_valid():
            raise CommandError(
                "\n".join(
                    f"--{name.replace('_', '-')}: {error}"
                    for name, errors in form.errors.items()
                    for error in errors
                )
            )
        try:
            tenant = create_tenant(**form.cleaned_data, by=None)
        except Refused as refusal:
            raise CommandError(str(refusal.sentence)) from refusal
        self.stdout.write(
            f"Created {tenant.name} at /t/{tenant.slug}/. {form.cleaned_data['admin_email']} "
            "chooses a password with 'Forgot your password?' on the sign-in page."
        )
