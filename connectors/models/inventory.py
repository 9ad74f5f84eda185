"""What the connected Microsoft tenant has: a mirror, with the lines found for its devices."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class ItemKind(models.TextChoices):
    """In the order in which they are read."""

    CATEGORY = "category", _("Device categories")
    USER = "user", _("Users")
    GROUP = "group", _("Groups")
    DEVICE = "device", _("Managed devices")


class MatchState(models.TextChoices):
    """Which line a managed device has."""

    MATCHED = "matched", _("Matched")
    DOUBTFUL = "doubtful", _("Doubtful")
    DECIDED = "decided", _("Decided")
    NONE = "none", _("No line")


class MatchKey(models.TextChoices):
    """By what a line was found, the surest first."""

    PHONE = "phone", _("Phone number")
    ICCID = "iccid", _("ICCID")
    IMEI = "imei", _("IMEI")
    PERSON = "person", _("A person")


class InventoryItem(TenantModel):
    """One object of the directory or of Intune. `digest` tells whether its facts have changed.

    A managed device is a device of the portal too, a user a person: `device` and `person`.
    `trouble` is the key of a sentence (common.sentences) that says why there is no device. The
    line is named by its number: connectors know no lines. `candidates` are those between which a
    person has to decide.
    """

    connector = TenantForeignKey(
        "connectors.Connector", on_delete=models.CASCADE, related_name="inventory"
    )
    kind = models.CharField(max_length=10, choices=ItemKind.choices)
    key = models.CharField(max_length=80, db_comment="Id in Graph")
    name = models.CharField(_("Name"), max_length=200)
    facts = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    last_sync = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        db_comment="Graph's lastSyncDateTime when all was last read",
    )
    match_state = models.CharField(
        max_length=10, choices=MatchState.choices, default=MatchState.NONE
    )
    match_by = models.CharField(max_length=10, choices=MatchKey.choices, blank=True)
    line_id = models.BigIntegerField(null=True)
    candidates = ArrayField(models.BigIntegerField(), default=list)
    device = TenantForeignKey(
        "devices.Device", on_delete=models.PROTECT, related_name="inventory", null=True
    )
    person = TenantForeignKey(
        "tenants.Person", on_delete=models.PROTECT, related_name="inventory", null=True
    )
    trouble = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("object of the inventory")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connector", "kind", "key"], name="inventory_item_once"
            ),
            models.CheckConstraint(
                name="inventory_matched_has_line",
                condition=~models.Q(match_state="matched") | models.Q(line_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["tenant", "device"],
                condition=models.Q(gone_at__isnull=True, device__isnull=False),
                name="inventory_device_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "connector", "kind", "name", "id"], name="inventory_by_name"
            ),
            models.Index(
                fields=["tenant", "line_id"],
                condition=models.Q(line_id__isnull=False),
                name="inventory_by_line",
            ),
            models.Index(
                fields=["tenant", "device"],
                condition=models.Q(device__isnull=False),
                name="inventory_by_device",
            ),
            models.Index(
                fields=["tenant", "person"],
                condition=models.Q(person__isnull=False),
                name="inventory_by_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class InventoryCursor(TenantModel):
    """Where Graph's next list of changes begins."""

    connector = TenantForeignKey(
        "connectors.Connector", on_delete=models.CASCADE, related_name="cursors"
    )
    kind = models.CharField(max_length=10, choices=ItemKind.choices)
    delta_link = models.TextField()

    class Meta:
        verbose_name = _("position in the inventory")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connector", "kind"], name="inventory_cursor_once"
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class InventorySeen(TenantModel):
    """Keys that a sync has come across: what it has not seen at its end is gone."""

    job_id = models.BigIntegerField()
    key = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("object seen by a sync")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "job_id", "key"], name="inventory_seen_once")
        ]

    def __str__(self) -> str:
        return self.key
