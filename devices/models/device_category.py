"""What a device is for: chosen at enrolment, changed later by those who manage devices."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantModel


@keep_history()
class DeviceCategory(TenantModel):
    """A device without one is *Unassigned*.

    Of a personal device nothing is collected and nothing is restricted.
    """

    name = models.CharField(_("Name"), max_length=80)
    is_personal = models.BooleanField(_("Personal"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("device category")
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                name="device_category_name_once",
                violation_error_message=_("Another category already has this name."),
            ),
            models.CheckConstraint(
                name="device_category_has_name", condition=~models.Q(name__regex=r"^\s*$")
            ),
        ]

    def __str__(self) -> str:
        return self.name
