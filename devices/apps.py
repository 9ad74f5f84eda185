from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = _("Devices")

    def ready(self) -> None:
        from devices import answer_words, statuses  # noqa: F401 - they register themselves
        from devices.actions import category_moves, device_tokens
        from devices.actions.categories import create_defaults
        from devices.gateways import register
        from devices.gateways.simulator import SimulatorGateway
        from devices.models.device_token import WORD
        from jobs import kinds
        from tenants.actions import on_tenant_created
        from tenants.bearers import register_bearers

        register(SimulatorGateway())
        kinds.register(kinds.Kind(name=category_moves.MOVE, work=category_moves.carry_out))
        on_tenant_created(create_defaults)
        register_bearers(WORD, device_tokens.authenticate)
