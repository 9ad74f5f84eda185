"""Groups of people who use lines, in an order that decides which group's policy holds."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


@keep_history()
class PeopleGroup(TenantModel):
    """People of the directory under one name. The smaller `position`, the higher its priority.

    A retired group has no position, no place in the order and no effect.
    """

    name = models.CharField(_("Name"), max_length=80)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    position = models.PositiveIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("people group")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(retired_at__isnull=True),
                name="people_group_name_once",
                violation_error_message=_("Another group already has this name."),
            ),
            # Deferred, so that two groups can change places in one statement.
            models.UniqueConstraint(
                fields=["tenant", "position"],
                deferrable=models.Deferrable.DEFERRED,
                name="people_group_order",
            ),
            models.CheckConstraint(
                name="people_group_placed_until_retired",
                condition=models.Q(position__isnull=False, retired_at__isnull=True)
                | models.Q(position__isnull=True, retired_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """`active`, or `retired`: kept for history, without effect."""
        return "retired" if self.retired_at else "active"


@keep_history()
class PeopleGroupMember(TenantModel):
    """One person in one group."""

    group = TenantForeignKey(
        "tenants.PeopleGroup", on_delete=models.CASCADE, related_name="members"
    )
    person = TenantForeignKey("tenants.Person", on_delete=models.CASCADE, related_name="in_groups")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("member of a people group")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "person"], name="people_group_member_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "person"], name="people_group_of_person")]

    def __str__(self) -> str:
        return f"{self.person} ({self.group})"
