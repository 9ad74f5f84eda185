from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LicensingConfig(AppConfig):
    name = "licensing"
    verbose_name = _("Licences")

    def ready(self) -> None:
        from licensing import statuses  # noqa: F401 - they register themselves
        from licensing.graph_cloud import graph_cloud
        from licensing.ports import register_cloud

        register_cloud(graph_cloud)
