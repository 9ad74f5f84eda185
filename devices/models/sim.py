"""SIM cards and, with dates, the devices they were in."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.dated import DatedLink, one_open
from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


@keep_history()
class Sim(TenantModel):
    """A SIM or eSIM profile. A line whose SIM is not known has a placeholder without numbers."""

    iccid = models.CharField(_("ICCID"), max_length=20, blank=True)
    imsi = models.CharField(_("IMSI"), max_length=15, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("SIM")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "iccid"], condition=~models.Q(iccid=""), name="sim_iccid_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "imsi"], condition=~models.Q(imsi=""), name="sim_imsi_once"
            ),
            models.CheckConstraint(
                name="sim_iccid_digits", condition=models.Q(iccid__regex=r"^([0-9]{18,20})?$")
            ),
            models.CheckConstraint(
                name="sim_imsi_digits", condition=models.Q(imsi__regex=r"^([0-9]{14,15})?$")
            ),
        ]

    def __str__(self) -> str:
        return self.iccid or self.imsi or str(_("SIM not known yet"))

    @property
    def is_placeholder(self) -> bool:
        return not (self.iccid or self.imsi)


class DeviceSim(DatedLink):
    """A SIM in a slot of a device. One SIM of a device carries its mobile data."""

    device = TenantForeignKey("devices.Device", on_delete=models.PROTECT, related_name="sim_links")
    sim = TenantForeignKey("devices.Sim", on_delete=models.PROTECT, related_name="device_links")
    slot = models.PositiveSmallIntegerField(default=1)
    data_preferred = models.BooleanField(default=True)

    class Meta(DatedLink.Meta):
        abstract = False
        verbose_name = _("SIM in a device")
        constraints = [
            *DatedLink.Meta.constraints,
            one_open("sim", name="device_sim_in_one_device"),
            one_open("device", "slot", name="device_sim_one_per_slot"),
            models.UniqueConstraint(
                fields=["tenant", "device"],
                condition=models.Q(unlinked_at__isnull=True, data_preferred=True),
                name="device_sim_one_carries_data",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sim} / {self.device}"
