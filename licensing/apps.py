from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LicensingConfig(AppConfig):
    name = "licensing"
    verbose_name = _("Licences")

    def ready(self) -> None:
        from licensing import statuses  # noqa: F401 - they register themselves
