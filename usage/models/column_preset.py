"""What the columns of a carrier's file are, kept under a name for its next files."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


@keep_history()
class ColumnPreset(TenantModel):
    """`header` is the header it was made for; a file of the carrier with the same one follows it.

    `options` are as usage.actions.import_options writes them; making lines and moving times are
    asked anew with every file, and so is the sheet.
    """

    carrier = TenantForeignKey("usage.Carrier", on_delete=models.PROTECT, related_name="presets")
    name = models.CharField(_("Name"), max_length=80)
    header = models.JSONField(db_comment="List of the names of the columns, in order")
    options = models.JSONField(db_comment="See usage.actions.import_options")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("column preset")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "carrier", "name"],
                name="column_preset_name_once",
                violation_error_message=_("Another preset of this carrier already has this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name
