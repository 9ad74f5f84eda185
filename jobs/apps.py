from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from jobs import files, periodic, statuses  # noqa: F401 - statuses register themselves
        from tenants import idempotency

        periodic.register(
            periodic.Job(
                name="jobs.let_files_go",
                every=timedelta(hours=1),
                work=lambda now: files.let_go(now=now),
            )
        )
        periodic.register(
            periodic.Job(  # here, because tenants know no jobs
                name="tenants.forget_answers",
                every=timedelta(hours=1),
                work=lambda now: idempotency.forget_answers(now=now),
            )
        )
