"""The simulated phone: its own settings, apart from everything the portal believes."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel, TenantOneToOneField


class Bearer(models.TextChoices):
    WIFI = "wifi", _("Wi-Fi")
    CELLULAR = "cellular", _("Cellular data")
    NONE = "none", _("Nothing")


class SimulatedDevice(TenantModel):
    """The state inside a pretend device. Only the simulator reads or writes it.

    The portal learns of it the way it would from a real one: by commands and answers.
    `profiles` maps an installed profile's identifier to its payloads (Apple). A push gets through
    over Wi-Fi, or over mobile data that is not itself cut off (simulator.phone.is_reachable).
    `not_now`, `error`, `held` and `drops_push` are faults to play; the first two wear off.
    """

    device = TenantOneToOneField(
        "devices.Device", on_delete=models.CASCADE, primary_key=True, related_name="simulated"
    )
    online = models.BooleanField(_("Online"), default=True)
    data_roaming = models.BooleanField(_("Data roaming"), default=True)
    cellular_data = models.BooleanField(_("Cellular data"), default=True)
    profiles = models.JSONField(default=dict)
    bearer = models.CharField(
        _("On the network by"), max_length=8, choices=Bearer.choices, default=Bearer.WIFI
    )
    abroad_in = models.CharField(
        _("Country"), max_length=2, blank=True, db_comment="Where it roams; empty at home"
    )
    locked = models.BooleanField(_("Locked"), default=False)
    roaming_back_after = models.PositiveIntegerField(
        _("Seconds until its user turns data roaming on again"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(86_400)],
    )
    not_now = models.PositiveSmallIntegerField(
        _("How many commands it answers with NotNow"),
        default=0,
        validators=[MaxValueValidator(20)],
    )
    error = models.PositiveIntegerField(
        _("Error code with which its next command fails"),
        default=0,
        validators=[MaxValueValidator(99_999)],
    )
    held = models.BooleanField(_("Another administrator holds its data off"), default=False)
    agent_token = models.TextField(
        blank=True,
        db_default="",
        editable=False,
        db_comment="The token that the agent on the phone was given, sealed (common.sealed)",
    )
    drops_push = models.BooleanField(_("Pushes get lost"), default=False)
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
