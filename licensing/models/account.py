"""Accounts and groups of the Microsoft directory, as far as licences need them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.tenancy import TenantModel


class Account(TenantModel):
    """As last read. `licences`: [{"sku", "off": [plan ids], "inherited": bool}, ...]."""

    entra_id = models.UUIDField()
    upn = models.CharField(max_length=254)
    name = models.CharField(max_length=256)
    enabled = models.BooleanField()
    is_member = models.BooleanField()
    usage_location = models.CharField(max_length=2, blank=True)
    licences = models.JSONField(default=list)
    groups = ArrayField(models.CharField(max_length=64), default=list)
    read_at = models.DateTimeField()

    class Meta:
        verbose_name = _("account")
        constraints = [models.UniqueConstraint(fields=["tenant", "entra_id"], name="account_once")]

    def __str__(self) -> str:
        return self.upn


class AccountGroup(TenantModel):
    """A group that policies may include or exclude."""

    group_id = models.CharField(max_length=64)
    name = models.CharField(max_length=256)

    class Meta:
        verbose_name = _("group of accounts")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group_id"], name="account_group_once")
        ]

    def __str__(self) -> str:
        return self.name
