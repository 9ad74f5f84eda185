"""Groups of devices: assigned by hand, or kept by a rule."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel, TenantOneToOneField


class GroupKind(models.TextChoices):
    ASSIGNED = "assigned", _("Assigned")
    DYNAMIC = "dynamic", _("Dynamic")


@keep_history()
class Group(TenantModel):
    """`object_id` is what other rules call it by; `names_groups` whom its own rule calls."""

    name = models.CharField(_("Name"), max_length=120)
    description = models.CharField(_("Description"), max_length=500, blank=True)
    kind = models.CharField(_("Membership type"), max_length=8, choices=GroupKind.choices)
    object_id = models.UUIDField(_("Object ID"), default=uuid4, editable=False)
    rule = models.TextField(_("Rule"), blank=True)
    names_groups = ArrayField(models.TextField(), default=list, editable=False)
    is_paused = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("device group")
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                name="device_group_name_once",
                violation_error_message=_("Another group already has this name."),
            ),
            models.UniqueConstraint(fields=["tenant", "object_id"], name="device_group_id_once"),
            models.CheckConstraint(
                name="device_group_has_name", condition=~models.Q(name__regex=r"^\s*$")
            ),
            models.CheckConstraint(
                name="device_group_rule_if_dynamic",
                condition=(models.Q(kind="dynamic") & ~models.Q(rule=""))
                | models.Q(kind="assigned", rule="", is_paused=False),
            ),
        ]
        indexes = [GinIndex(fields=["names_groups"], name="device_group_names")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_dynamic(self) -> bool:
        return self.kind == GroupKind.DYNAMIC


class GroupWatch(TenantModel):
    """How far a group is: the rows that are due are the worker's queue.

    `due_at` asks for a look at all devices. An error is kept until the rule could be read again;
    while it stands, the members stay who they were.
    """

    group = TenantOneToOneField(
        "devices.Group", on_delete=models.CASCADE, primary_key=True, related_name="watch"
    )
    due_at = models.DateTimeField(null=True)
    run_at = models.DateTimeField(null=True, db_comment="When all devices were last looked at")
    changed_at = models.DateTimeField(null=True, db_comment="When somebody last joined or left")
    member_count = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("watch of a group")
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="group_watch_due"
            )
        ]

    def __str__(self) -> str:
        return f"watch of group {self.group_id}"


class GroupMember(TenantModel):
    """A device in a group, from when until when; a member while `left_at` is null."""

    group = TenantForeignKey("devices.Group", on_delete=models.CASCADE, related_name="members")
    device = TenantForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="memberships"
    )
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("member of a group")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "device"],
                condition=models.Q(left_at__isnull=True),
                name="group_member_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "device"],
                condition=models.Q(left_at__isnull=True),
                name="group_member_by_device",
            )
        ]

    def __str__(self) -> str:
        return f"device {self.device_id} in group {self.group_id}"
