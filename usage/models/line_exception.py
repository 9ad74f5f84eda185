"""What loosens the rule for one line for a while."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class ExceptionKind(models.TextChoices):
    UNBLOCK = "unblock", _("Unblocked by hand")


class LineException(TenantModel):
    """Holds from `starts_at` up to, not including, `ends_at`; ended early by setting `ends_at`."""

    line = TenantForeignKey("usage.Line", on_delete=models.PROTECT, related_name="exceptions")
    kind = models.CharField(max_length=12, choices=ExceptionKind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(
        "tenants.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("exception")
        constraints = [
            models.CheckConstraint(
                name="line_exception_dates_in_order",
                condition=models.Q(ends_at__gte=models.F("starts_at")),
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "line", "-starts_at"], name="line_exception_by_line")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"
