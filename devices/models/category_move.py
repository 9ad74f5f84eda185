"""Many devices moved to a category at once, and where each came from, so that it can be undone."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class MoveState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    MOVED = "moved", _("Moved")
    SAME = "same", _("It was there already")
    LEFT = "left", _("Left where it is")
    UNDONE = "undone", _("Undone")
    KEPT = "kept", _("Not undone")


class CategoryMove(TenantModel):
    """`category` is null for Unassigned, or where it was deleted since; `name` is what it was
    called then. The jobs tell how far the work is.
    """

    category = TenantForeignKey(
        "devices.DeviceCategory", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    is_to_none = models.BooleanField(default=False)
    name = models.CharField(max_length=80, blank=True)
    devices = models.PositiveIntegerField()
    job = TenantForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, related_name="+")
    undo_job = TenantForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("move of many devices")
        indexes = [models.Index(fields=["tenant", "-created_at"], name="category_move_by_time")]

    def __str__(self) -> str:
        return self.name or str(_("Unassigned"))

    @property
    def under_way(self) -> bool:
        """Whether a worker has yet to come to an end with it."""
        return self.latest_job is not None and self.latest_job.is_open

    @property
    def latest_job(self) -> models.Model | None:
        """The job of the undoing, else that of the move; select them with the row in lists."""
        return self.undo_job or self.job


class CategoryMoveItem(TenantModel):
    """A device of a move. `former` is the category it was in, null for none or a deleted one."""

    move = TenantForeignKey(CategoryMove, on_delete=models.CASCADE, related_name="items")
    device = TenantForeignKey("devices.Device", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=MoveState.choices, default=MoveState.WAITING)
    former = TenantForeignKey(
        "devices.DeviceCategory", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("device of a move")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "move", "device"], name="category_move_device_once"
            ),
            models.CheckConstraint(
                name="category_move_item_state_known",
                condition=models.Q(state__in=MoveState.values),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "move", "state", "device"], name="category_move_items_by_state"
            )
        ]

    def __str__(self) -> str:
        return f"{self.device_id}: {self.state}"
