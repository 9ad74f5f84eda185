from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = _("Devices")

    def ready(self) -> None:
        from devices import statuses  # noqa: F401 - it registers itself
        from devices.gateways import register
        from devices.gateways.simulator import SimulatorGateway

        register(SimulatorGateway())
