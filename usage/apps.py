from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "usage"
    verbose_name = _("Lines and usage")

    def ready(self) -> None:
        from alerts.ports import register_subjects
        from connectors.ports import register_lines
        from devices.ports import when_sims_move
        from jobs import kinds, periodic
        from tenants.actions import on_tenant_created
        from usage import file_words, statuses  # noqa: F401 - they register themselves
        from usage.actions import bulk_changes, import_jobs
        from usage.actions.default_policy import create_default_policy
        from usage.adapters import AlertLines, ConnectorLines, lines_follow
        from usage.partitions import ensure_partitions

        register_subjects("line", AlertLines())
        register_lines(ConnectorLines())
        when_sims_move(lines_follow)
        on_tenant_created(create_default_policy)
        kinds.register(kinds.Kind(name=import_jobs.CHECK, work=import_jobs.check))
        kinds.register(kinds.Kind(name=import_jobs.IMPORT, work=import_jobs.carry_out))
        kinds.register(kinds.Kind(name=bulk_changes.CHANGE, work=bulk_changes.carry_out))
        periodic.register(
            periodic.Job(
                name="usage.partitions",
                every=timedelta(days=1),
                work=lambda now: ensure_partitions(today=now.date()),
            )
        )
