"""What a rule of a dynamic group may ask of a device, as SQL compares it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel, TenantOneToOneField


def _text() -> models.TextField:
    return models.TextField(null=True)


class DeviceFacts(TenantModel):
    """One row per device; columns as in devices.rules.properties, texts folded by its `fold()`.

    A trigger on devices makes rows stale, whoever changes a device and however; the worker
    (devices.workers.grouping) fills them. A device that is not in service is in no group.
    """

    device = TenantOneToOneField(
        "devices.Device", on_delete=models.CASCADE, primary_key=True, related_name="facts"
    )
    is_stale = models.BooleanField(default=True, db_default=True)
    in_service = models.BooleanField(default=False, db_default=False)
    account_enabled = models.BooleanField(null=True)
    category = _text()
    entra_device_id = _text()
    management_app_id = _text()
    manufacturer = _text()
    model = _text()
    os_type = _text()
    os_version = _text()
    ownership = _text()
    physical_ids = ArrayField(models.TextField(), null=True)
    trust_type = _text()
    display_name = _text()
    enrollment_profile = _text()
    extension_attributes = ArrayField(models.TextField(null=True), null=True)
    is_rooted = models.BooleanField(null=True)
    management_type = _text()
    object_id = _text()
    profile_type = _text()
    system_labels = ArrayField(models.TextField(), null=True)

    class Meta:
        verbose_name = _("facts of a device")
        indexes = [
            models.Index(
                fields=["tenant", "device"],
                condition=models.Q(is_stale=True),
                name="device_facts_stale",
            )
        ]

    def __str__(self) -> str:
        return f"facts of device {self.device_id}"
