"""What a device shall be, what it was last seen to be, and when to try next."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel, TenantOneToOneField


class DeviceControl(TenantModel):
    """One row per device; the rows that are due are the reconciler's queue.

    `desired` and `observed` are sorted lists of Restriction values; `observed` is null while
    nobody has looked. A generation counts changes of `desired`; an answer is recorded only if it
    is about the newest one.
    """

    device = TenantOneToOneField(
        "devices.Device", on_delete=models.CASCADE, primary_key=True, related_name="control"
    )
    desired = ArrayField(models.CharField(max_length=20), default=list)
    desired_generation = models.BigIntegerField(default=0)
    desired_since = models.DateTimeField()
    observed = ArrayField(models.CharField(max_length=20), null=True)
    observed_generation = models.BigIntegerField(default=0)
    observed_at = models.DateTimeField(null=True)
    rules = ArrayField(
        models.CharField(max_length=20),
        null=True,
        db_comment="What Apple's profile of rules was last seen to restrict",
    )
    data_roaming = models.BooleanField(
        null=True, db_comment="Apple's setting for data roaming as last read"
    )
    to_read = ArrayField(
        models.CharField(max_length=10),
        default=list,
        db_comment="Levers (devices.plan) that were told since they were read",
    )
    drifts = models.PositiveSmallIntegerField(
        default=0, db_comment="How often the present desire was found undone on the device"
    )
    must_look = models.BooleanField(
        default=False, db_comment="The next step is to ask the device, not to tell it"
    )
    roaming_before_block = models.BooleanField(
        null=True, db_comment="Data roaming as the user had it before it was blocked"
    )
    next_attempt_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("device control")
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(next_attempt_at__isnull=False),
                name="device_control_due",
            ),
            models.Index(
                fields=["tenant", "device"],
                condition=models.Q(desired__gt=[]),
                name="device_control_restricted",
            ),
        ]

    def __str__(self) -> str:
        return f"control of device {self.device_id}"

    @property
    def is_in_step(self) -> bool:
        """Whether the device was last seen as it shall be."""
        return self.observed is not None and sorted(self.observed) == sorted(self.desired)
