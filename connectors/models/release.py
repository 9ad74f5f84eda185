"""What turning a connector off set free, so that its progress can be seen."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class Release(TenantModel):
    """The devices that one turning off has to tell; whether they were told is read from them."""

    connector = TenantForeignKey(
        "connectors.Connector", on_delete=models.CASCADE, related_name="releases"
    )
    device_ids = ArrayField(models.BigIntegerField(), default=list)
    restrictions = models.PositiveIntegerField()
    started_at = models.DateTimeField()

    class Meta:
        verbose_name = _("release of devices")
        indexes = [
            models.Index(fields=["tenant", "connector", "-started_at"], name="release_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.connector} {self.started_at:%Y-%m-%d %H:%M}"
