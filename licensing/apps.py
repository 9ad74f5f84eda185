from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LicensingConfig(AppConfig):
    name = "licensing"
    verbose_name = _("Licences")

    def ready(self) -> None:
        from alerts.ports import register_subjects
        from jobs import kinds, periodic
        from licensing import statuses  # noqa: F401 - they register themselves
        from licensing.graph_cloud import graph_cloud
        from licensing.ports import register_cloud
        from licensing.workers import dry_run, low_seats

        register_cloud(graph_cloud)
        register_subjects(low_seats.SUBJECT, low_seats.Policies())
        kinds.register(kinds.Kind(name=dry_run.KIND, work=dry_run.run_dry))
        periodic.register(
            periodic.Job(
                name="licensing.low_seats",
                every=low_seats.EVERY,
                work=lambda now: low_seats.watch(now=now),
            )
        )
