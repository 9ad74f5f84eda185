"""An app that people sign in to, under one or several application ids."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantForeignKey, TenantModel


class App(TenantModel):
    """`plans` are names of service plans any one of which makes the app usable."""

    name = models.CharField(_("App"), max_length=80)
    plans = ArrayField(models.CharField(max_length=100))

    class Meta:
        verbose_name = _("app")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="app_name_once")]

    def __str__(self) -> str:
        return self.name


class ApplicationId(TenantModel):
    """The appId of sign-ins; the desktop and the web client of one app have different ones."""

    app = TenantForeignKey(App, on_delete=models.CASCADE, related_name="application_ids")
    value = models.UUIDField()

    class Meta:
        verbose_name = _("application id")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "value"], name="application_id_once")
        ]

    def __str__(self) -> str:
        return str(self.value)
