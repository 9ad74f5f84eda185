"""The simulated phone: its own settings, apart from everything the portal believes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel, TenantOneToOneField


class SimulatedDevice(TenantModel):
    """The state inside a pretend device. Only the simulator reads or writes it.

    The portal learns of it the way it would from a real one: by commands and answers.
    `profiles` maps an installed profile's identifier to its payloads (Apple).
    """

    device = TenantOneToOneField(
        "devices.Device", on_delete=models.CASCADE, primary_key=True, related_name="simulated"
    )
    online = models.BooleanField(_("Online"), default=True)
    data_roaming = models.BooleanField(_("Data roaming"), default=True)
    cellular_data = models.BooleanField(_("Cellular data"), default=True)
    profiles = models.JSONField(default=dict)
    answer_delay_ms = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("simulated device")

    def __str__(self) -> str:
        return f"simulated device {self.device_id}"


class SimulatorMessage(TenantModel):
    """A command waiting for a simulated device: the queue its answers come from."""

    device = TenantForeignKey("devices.Device", on_delete=models.CASCADE, related_name="+")
    command_id = models.UUIDField(unique=True)
    payload = models.BinaryField()
    due_at = models.DateTimeField()

    class Meta:
        verbose_name = _("message to a simulated device")
        indexes = [models.Index(fields=["due_at"], name="simulator_message_due")]

    def __str__(self) -> str:
        return str(self.command_id)
