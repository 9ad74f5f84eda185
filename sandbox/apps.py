from datetime import timedelta

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class SandboxConfig(AppConfig):
    name = "sandbox"
    verbose_name = _("Sandbox")

    def ready(self) -> None:
        from connectors.ports import register_example_directories
        from enrolment.sms import register_sender
        from jobs import kinds, periodic
        from sandbox import connections, fleet, forgetting, past, staff
        from sandbox.inbox import SandboxInbox

        if not settings.SANDBOX:
            return
        register_example_directories(connections.examples)
        register_sender(SandboxInbox())
        kinds.register(kinds.Kind(name=past.KIND, work=past.report))
        periodic.register(
            periodic.Job(
                name="sandbox.fleet",
                every=fleet.EVERY,
                work=lambda now: fleet.live(now=now),
            )
        )
        periodic.register(
            periodic.Job(
                name="sandbox.staff",
                every=staff.EVERY,
                work=lambda now: staff.live(now=now),
            )
        )
        periodic.register(
            periodic.Job(
                name="sandbox.forget",
                every=timedelta(days=1),
                work=lambda now: forgetting.forget(now=now),
            )
        )
