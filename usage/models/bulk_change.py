"""One fact of many lines set at once, and per line what it was before, so that it can be undone."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class Fact(models.TextChoices):
    PLAN = "plan", _("Plan")
    POLICY = "policy", _("Policy")
    COST_CENTRE = "cost_centre", _("Cost centre")


class ItemState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    CHANGED = "changed", _("Changed")
    SAME = "same", _("It was so already")
    REFUSED = "refused", _("Left as it is")
    UNDONE = "undone", _("Undone")
    KEPT = "kept", _("Not undone")


class BulkChange(TenantModel):
    """`value` is the key of a plan or policy as text, or the cost centre; empty is none.

    `name` is what the value was called then. The jobs tell how far the work is.
    """

    fact = models.CharField(max_length=12, choices=Fact.choices)
    value = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=120, blank=True)
    lines = models.PositiveIntegerField()
    job = TenantForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, related_name="+")
    undo_job = TenantForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("change of many lines")
        constraints = [
            models.CheckConstraint(
                name="bulk_change_fact_known", condition=models.Q(fact__in=Fact.values)
            )
        ]
        indexes = [models.Index(fields=["tenant", "-created_at"], name="bulk_change_by_time")]

    def __str__(self) -> str:
        return f"{self.get_fact_display()}: {self.name or '–'}"

    @property
    def under_way(self) -> bool:
        """Whether a worker has yet to come to an end with it."""
        return self.latest_job is not None and self.latest_job.is_open

    @property
    def latest_job(self) -> models.Model | None:
        """The job of the undoing, else that of the change; select them with the row in lists."""
        return self.undo_job or self.job


class BulkChangeItem(TenantModel):
    """A line of a change. `former` is what it had, written like the change's value."""

    change = TenantForeignKey(BulkChange, on_delete=models.CASCADE, related_name="items")
    line = TenantForeignKey("usage.Line", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.WAITING)
    former = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("line of a change")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "change", "line"], name="bulk_change_line_once"
            ),
            models.CheckConstraint(
                name="bulk_change_item_state_known",
                condition=models.Q(state__in=ItemState.values),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "change", "state", "line"], name="bulk_change_items_by_state"
            )
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.state}"
