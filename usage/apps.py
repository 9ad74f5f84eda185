from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "usage"
    verbose_name = _("Lines and usage")

    def ready(self) -> None:
        from connectors.ports import register_lines
        from jobs import periodic
        from tenants.actions import on_tenant_created
        from usage.actions.default_policy import create_default_policy
        from usage.adapters import ConnectorLines
        from usage.partitions import ensure_partitions

        register_lines(ConnectorLines())
        on_tenant_created(create_default_policy)
        periodic.register(
            periodic.Job(
                name="usage.partitions",
                every=timedelta(days=1),
                work=lambda now: ensure_partitions(today=now.date()),
            )
        )
