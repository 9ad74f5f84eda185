"""One act of a person, or one change of state, that somebody may ask about later."""

from typing import Any

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.wording import act_label, fact_label, kind_label
from common.tenancy import TenantManager


class AuditEvent(models.Model):
    """Who did what to which object, when, from where, and what it was before and after.

    The tenant is a plain number and objects are named, not referenced, so that history never
    stands in the way of a deletion. PostgreSQL refuses to change or delete a row.
    """

    tenant_id = models.BigIntegerField(null=True, db_comment="Null: an act of an operator")
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True, db_comment="Null: the portal itself")
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=80)
    object_name = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    address = models.GenericIPAddressField(null=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("audit event")
        indexes = [
            models.Index(fields=["tenant_id", "-at", "-id"], name="audit_by_time"),
            models.Index(fields=["tenant_id", "object_type", "object_id"], name="audit_by_object"),
            models.Index(fields=["tenant_id", "action", "-at", "-id"], name="audit_by_action"),
            models.Index(fields=["tenant_id", "object_type", "-at", "-id"], name="audit_by_kind"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor}: {self.action} {self.object_name}"

    @property
    def label(self) -> str:
        """What was done, in words."""
        return act_label(self.action)

    @property
    def kind(self) -> str:
        """What sort of object it happened to, in words."""
        return kind_label(self.object_type)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What changed, value by value: `label`, `before`, `after` (None where there is none)."""
        before, after = self.before or {}, self.after or {}
        return [
            {"label": fact_label(name), "before": before.get(name), "after": after.get(name)}
            for name in {**before, **after}
        ]
