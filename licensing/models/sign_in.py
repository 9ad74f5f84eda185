"""Sign-ins as they were reported, and how far reading them has come."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sentences import sentence
from common.tenancy import TenantForeignKey, TenantModel, unchecked_tenant


class SignInSource(models.TextChoices):
    POLL = "poll", _("Microsoft Graph")
    API = "api", _("API")


class SignIn(TenantModel):
    """A successful sign-in to an app of the catalogue; reported twice, it is one row."""

    tenant = unchecked_tenant()
    key = models.CharField(max_length=80, db_comment="Graph's id of the sign-in")
    app = TenantForeignKey("licensing.App", on_delete=models.CASCADE, related_name="+")
    entra_id = models.UUIDField()
    upn = models.CharField(max_length=254)
    at = models.DateTimeField()
    source = models.CharField(max_length=4, choices=SignInSource.choices)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sign-in")
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="sign_in_once")]
        indexes = [
            models.Index(fields=["tenant", "app", "at", "id"], name="sign_in_by_time"),
            models.Index(fields=["tenant", "app", "entra_id", "at", "id"], name="sign_in_first"),
        ]

    def __str__(self) -> str:
        return f"{self.upn} {self.at:%Y-%m-%d %H:%M}"


class Reading(TenantModel):
    """What is read from Microsoft at intervals: how far, when last, and what went wrong."""

    what = models.CharField(max_length=20)
    through = models.DateTimeField(null=True, db_comment="Everything before this has been read")
    succeeded_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=40, blank=True, db_comment="Key of a sentence")
    next_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reading")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "what"], name="reading_once"),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def sentence(self) -> str:
        """What went wrong the last time, in the reader's language."""
        return sentence(self.error)
