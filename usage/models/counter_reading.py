"""What an agent read from its device's counters, as it came; usage is derived from neighbours."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel, unchecked_tenant


class CounterReading(TenantModel):
    """The primary key is the identity: the same moment of the same boot is read once.

    `line` is the one that the reading was of, and its differences are that line's. Without foreign
    keys, for the reason given at UsageRecord.
    """

    tenant = unchecked_tenant()
    pk = models.CompositePrimaryKey("tenant_id", "device_id", "interface", "sampled_at", "boot_id")
    device = models.ForeignKey(
        "devices.Device",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    interface = models.CharField(max_length=32)
    sampled_at = models.DateTimeField()
    boot_id = models.CharField(max_length=64, db_comment="Empty where the device did not tell")
    line = models.ForeignKey(
        "usage.Line",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    key = models.UUIDField(db_comment="The sample's id")
    bits = models.PositiveSmallIntegerField()
    counter_in = models.BigIntegerField()
    counter_out = models.BigIntegerField()
    country = models.CharField(max_length=2)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("counter reading")

    def __str__(self) -> str:
        return f"{self.interface} at {self.sampled_at:%Y-%m-%d %H:%M}"
