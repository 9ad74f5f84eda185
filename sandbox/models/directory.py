"""The pretend Microsoft directory: organisations and what Graph would answer about them.

Keyed by Entra ids and referring to no Tenant of the portal, as the real cloud does not know the
portal either. An object is kept as the body Graph answers, so what is read is what is stored.
"""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Fault(models.TextChoices):
    """What the pretend cloud does wrong on purpose, to show what the portal makes of it."""

    NONE = "none", _("None")
    THROTTLED = "throttled", _("Throttled, whole seconds")
    THROTTLED_FRACTION = "throttled_fraction", _("Throttled, a fraction of a second")
    THROTTLED_SILENT = "throttled_silent", _("Throttled, no time given")
    THROTTLED_ABSURD = "throttled_absurd", _("Throttled, an absurd time")
    FAILING = "failing", _("Server errors")
    SLOW = "slow", _("Slow answers")
    LOST = "lost", _("Changes made, their answers lost")
    GARBAGE = "garbage", _("Garbage instead of answers")
    ENDLESS = "endless", _("Answers without end")
    FOREIGN_LINK = "foreign_link", _("Next pages on a foreign host")
    EXPIRED_CONSENT = "expired_consent", _("Consent expired")
    EXPIRED_SECRET = "expired_secret", _("Secret expired")


class CloudTenant(models.Model):
    """One pretend organisation. `version` counts the changes of its objects, for delta queries."""

    id = models.UUIDField(primary_key=True)
    domain = models.CharField(_("Domain"), max_length=100, unique=True)
    name = models.CharField(_("Name"), max_length=120)
    country = models.CharField(_("Country"), max_length=2)
    version = models.BigIntegerField(default=0)
    delta_floor = models.BigIntegerField(
        default=0, db_comment="Delta tokens older than this have to start again"
    )
    fault = models.CharField(_("Fault"), max_length=20, choices=Fault.choices, default=Fault.NONE)
    faults_left = models.PositiveIntegerField(
        null=True, db_comment="Answers that are still to go wrong; NULL: until it is switched off"
    )

    class Meta:
        verbose_name = _("pretend organisation")

    def __str__(self) -> str:
        return self.name


class Kind(StrEnum):
    """The collections of the pretend Graph."""

    USER = "user"
    GROUP = "group"
    DEVICE = "device"
    MANAGED_DEVICE = "managedDevice"
    DEVICE_CATEGORY = "deviceCategory"
    DEVICE_CONFIGURATION = "deviceConfiguration"
    PARTNER = "telecomExpenseManagementPartner"
    MOBILE_APP = "mobileApp"
    SUBSCRIBED_SKU = "subscribedSku"
    SIGN_IN = "signIn"


class CloudObject(models.Model):
    """One object as Graph answers it. `hidden` holds what it never answers (members, roles)."""

    cloud_tenant = models.ForeignKey(
        CloudTenant, on_delete=models.CASCADE, related_name="objects_of"
    )
    kind = models.CharField(max_length=40, db_comment="A Kind")
    object_id = models.CharField(max_length=80)
    body = models.JSONField()
    hidden = models.JSONField(default=dict)
    at = models.DateTimeField(null=True)
    changed = models.BigIntegerField(default=0)
    removed = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("pretend object")
        constraints = [
            models.UniqueConstraint(
                fields=["cloud_tenant", "kind", "object_id"], name="cloud_object_once"
            )
        ]
        indexes = [
            models.Index(fields=["cloud_tenant", "kind", "changed"], name="cloud_object_by_change"),
            models.Index(
                fields=["cloud_tenant", "kind", "-at", "-object_id"], name="cloud_object_by_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
