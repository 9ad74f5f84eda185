from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConnectorsConfig(AppConfig):
    name = "connectors"
    verbose_name = _("Connectors")

    def ready(self) -> None:
        from connectors import statuses  # noqa: F401 - it registers itself
        from connectors.actions.switch import create_built_in
        from tenants.actions import on_tenant_created

        on_tenant_created(create_built_in)
