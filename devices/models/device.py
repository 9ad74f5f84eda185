"""A phone or tablet under management."""

import pgtrigger
from django.contrib.postgres.indexes import OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


class Platform(models.TextChoices):
    IOS = "ios", _("iOS")
    IPADOS = "ipados", _("iPadOS")
    KNOX = "knox", _("Samsung Knox")
    ANDROID = "android", _("Android")
    OTHER = "other", _("Other")


class DeviceState(models.TextChoices):
    MANAGED = "managed", _("Managed")
    UNMANAGED = "unmanaged", _("Unmanaged")
    RETIRED = "retired", _("Retired")


_TOLD = ("name", "platform", "model", "os_version", "category_id", "state", "management_mode")
_MARK = (
    "INSERT INTO devices_devicefacts (tenant_id, device_id) SELECT n.tenant_id, n.id "
    "FROM new_values n {changed} ON CONFLICT (device_id) DO UPDATE SET is_stale = TRUE; "
    "RETURN NULL;"
)  # S608: constants
_CHANGED = "JOIN old_values o ON o.id = n.id WHERE ({new}) IS DISTINCT FROM ({old})".format(
    new=", ".join(f"n.{name}" for name in _TOLD), old=", ".join(f"o.{name}" for name in _TOLD)
)


@keep_history()
class Device(TenantModel):
    """What the management server tells of a device.

    `access_rights` are Apple's bit flags of the enrolment (2048 settings, 32 network queries, 2
    profiles); `management_mode` is DO, COPE, PO or DA on Android and device or user on Apple.
    """

    name = models.CharField(_("Name"), max_length=120)
    platform = models.CharField(_("Platform"), max_length=10, choices=Platform.choices)
    model = models.CharField(_("Model"), max_length=80, blank=True)
    os_version = models.CharField(
        _("OS version"),
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"^\d+(\.\d+){0,3}$", _("Use digits and dots, as in 18.1."))],
    )
    serial = models.CharField(_("Serial number"), max_length=40, blank=True)
    category = TenantForeignKey(
        "devices.DeviceCategory",
        on_delete=models.PROTECT,
        related_name="devices",
        null=True,
        editable=False,
        verbose_name=_("Category"),
        db_comment="Unassigned while null",
    )
    imei = models.CharField(
        _("IMEI"),
        max_length=15,
        blank=True,
        validators=[RegexValidator(r"^\d{15}$", _("An IMEI has 15 digits."))],
    )
    udid = models.CharField(_("UDID"), max_length=40, blank=True)
    management_mode = models.CharField(max_length=10, default="device", editable=False)
    access_rights = models.PositiveIntegerField(default=8191, editable=False)
    has_mobile_radio = models.BooleanField(_("Has a mobile radio"), default=True)
    gateway = models.CharField(
        max_length=40,
        default="simulator",
        blank=True,
        editable=False,
        db_comment="The way commands take; empty: none, the device is only known of",
    )
    state = models.CharField(
        _("State"),
        max_length=10,
        choices=DeviceState.choices,
        default=DeviceState.MANAGED,
        editable=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("device")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "imei"],
                condition=~models.Q(imei="") & ~models.Q(state="retired"),
                name="device_imei_once",
                violation_error_message=_("Another device already has this IMEI."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "serial"],
                condition=~models.Q(serial="") & ~models.Q(state="retired"),
                name="device_serial_once",
                violation_error_message=_("Another device already has this serial number."),
            ),
            models.CheckConstraint(
                name="device_retired_has_time",
                condition=(
                    models.Q(state="retired", retired_at__isnull=False)
                    | (~models.Q(state="retired") & models.Q(retired_at__isnull=True))
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "name", "id"], name="device_by_name"),
            models.Index(
                models.F("tenant"),
                OpClass(Upper("name"), name="text_pattern_ops"),
                name="device_name_begins",
            ),
            models.Index(
                models.F("tenant"),
                OpClass(Upper("serial"), name="text_pattern_ops"),
                condition=~models.Q(serial=""),
                name="device_serial_begins",
            ),
            models.Index(
                models.F("tenant"),
                OpClass("imei", name="varchar_pattern_ops"),
                condition=~models.Q(imei=""),
                name="device_imei_begins",
            ),
            models.Index(fields=["tenant", "category"], name="device_by_category"),
        ]
        triggers = [  # whoever changes a device, and however: groups are judged again
            pgtrigger.Trigger(
                name="facts_of_new",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_values"),
                func=_MARK.replace("{changed}", ""),
            ),
            pgtrigger.Trigger(
                name="facts_of_changed",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(new="new_values", old="old_values"),
                func=_MARK.replace("{changed}", _CHANGED),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_simulated(self) -> bool:
        return self.gateway == "simulator"
