"""How people of a tenant enrol their phones."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantModel


@keep_history()
class EnrolmentSettings(TenantModel):
    """One row of a tenant, made when somebody first saves; without one, enrolment is closed."""

    is_open = models.BooleanField(_("People may enrol their phones"), default=False)
    by_phone = models.BooleanField(_("With a phone number and a code by SMS"), default=True)
    by_work_account = models.BooleanField(_("With a work account at Microsoft"), default=True)
    adds_lines = models.BooleanField(_("Add a line for a number that is not known"), default=False)
    asks_category = models.BooleanField(_("Let people choose the category"), default=True)
    notice = models.TextField(_("Notice"), max_length=1000, blank=True)
    sms_by = models.CharField(_("SMS goes by"), max_length=40, blank=True)

    silent_days = models.PositiveSmallIntegerField(
        _("Not reporting after so many days"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
    )

    class Meta:
        verbose_name = _("enrolment settings")
        constraints = [models.UniqueConstraint(fields=["tenant"], name="enrolment_settings_once")]

    def __str__(self) -> str:
        return str(_("Enrolment"))
