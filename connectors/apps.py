from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConnectorsConfig(AppConfig):
    name = "connectors"
    verbose_name = _("Connectors")

    def ready(self) -> None:
        from alerts.ports import register_subjects
        from connectors import statuses  # noqa: F401 - it registers itself
        from connectors.actions.external import end_due
        from connectors.actions.inventory import ask_all
        from connectors.actions.switch import create_built_in
        from connectors.adapters import AlertConnectors, proven_directories
        from connectors.workers import inventory
        from jobs import kinds, periodic
        from tenants.actions import on_tenant_created
        from tenants.ports import register_directories

        register_directories(proven_directories)
        register_subjects("connector", AlertConnectors())
        on_tenant_created(create_built_in)
        kinds.register(kinds.Kind(name=inventory.KIND, work=inventory.sync))
        periodic.register(
            periodic.Job(
                name="connectors.sync_inventories",
                every=timedelta(hours=1),
                work=lambda now: ask_all(now=now),
            )
        )
        periodic.register(
            periodic.Job(
                name="connectors.end_external_blocks",
                every=timedelta(minutes=1),
                work=lambda now: end_due(now=now),
            )
        )
