"""A person in the tenant's directory: who holds a line, whether or not they ever sign in here."""

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


@keep_history()
class Person(TenantModel):
    """Somebody a line can be given to. Apart from User: a directory entry, not a log-in."""

    name = models.CharField(_("Name"), max_length=120)
    email = models.EmailField(_("E-mail"), blank=True)
    department = models.CharField(_("Department"), max_length=120, blank=True)
    cost_centre = models.CharField(_("Cost centre"), max_length=60, blank=True)
    manager = TenantForeignKey(
        "tenants.Person",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("Manager"),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("person")
        indexes = [
            models.Index(fields=["tenant", "name", "id"], name="person_by_name"),
            models.Index(
                models.F("tenant"),
                OpClass(Upper("name"), name="text_pattern_ops"),
                name="person_name_begins",
            ),
            models.Index(
                models.F("tenant"),
                OpClass(Upper("email"), name="text_pattern_ops"),
                condition=~models.Q(email=""),
                name="person_email_begins",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="person_not_own_manager",
                condition=models.Q(manager__isnull=True) | ~models.Q(manager=models.F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.name
