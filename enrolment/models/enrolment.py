"""One person's way through the pages of enrolment, from the first number to Finish."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class How(models.TextChoices):
    PHONE = "phone", _("Phone number")
    WORK_ACCOUNT = "work_account", _("Work account")


class Enrolment(TenantModel):
    """The session of the browser knows `key`, and nobody else does.

    A number that nobody may enrol has a row like any other, without a code that could be right.
    The code is kept as a keyed hash; `token_sealed` is what the last page shows, for minutes.
    """

    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    how = models.CharField(max_length=12, choices=How.choices)
    number = models.CharField(_("Phone number"), max_length=16, blank=True)
    line = TenantForeignKey(
        "usage.Line", on_delete=models.PROTECT, null=True, related_name="enrolments"
    )
    person = TenantForeignKey(
        "tenants.Person", on_delete=models.SET_NULL, null=True, related_name="enrolments"
    )
    device = TenantForeignKey(
        "devices.Device", on_delete=models.PROTECT, null=True, related_name="enrolments"
    )
    category = TenantForeignKey(
        "devices.DeviceCategory", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    invitation = TenantForeignKey(
        "enrolment.Invitation", on_delete=models.PROTECT, null=True, related_name="enrolments"
    )
    platform = models.CharField(max_length=10, blank=True)
    model = models.CharField(max_length=80, blank=True)
    os_version = models.CharField(max_length=20, blank=True)
    code_digest = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True)
    tries_left = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True)
    category_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    token_sealed = models.TextField(blank=True)

    class Meta:
        verbose_name = _("enrolment")
        constraints = [
            models.CheckConstraint(
                name="enrolment_finished_has_device",
                condition=models.Q(finished_at__isnull=True) | models.Q(device__isnull=False),
            ),
            models.CheckConstraint(
                name="enrolment_finished_was_proven",
                condition=models.Q(finished_at__isnull=True) | models.Q(proven_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-started_at", "-id"], name="enrolment_newest"),
            models.Index(fields=["tenant", "line"], name="enrolment_by_line"),
        ]

    def __str__(self) -> str:
        return self.number or str(self.person or self.get_how_display())
