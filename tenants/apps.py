from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Tenants")

    def ready(self) -> None:
        # Receivers that put sign-ins on record, and looks of states: used by being imported.
        from tenants import sign_in, statuses  # noqa: F401
        from tenants.api_tokens import authenticate
        from tenants.bearers import register_bearers
        from tenants.models.api_token import WORD

        register_bearers(WORD, authenticate)
