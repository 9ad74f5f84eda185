"""Row history of configuration, by triggers (django-pghistory).

Triggers see bulk statements and hand-written SQL, which signals and save() do not. Event rows
carry the tenant like the rows they describe and are read through the same scoped manager.
"""

from collections.abc import Callable
from typing import TypeVar

import pghistory
import pghistory.models
from django.db import models

from common.tenancy import TenantManager

M = TypeVar("M", bound=models.Model)


class TenantEvent(pghistory.models.Event):
    """A past version of one tenant's row."""

    links_within_tenant = False  # history outlives what it refers to
    objects = TenantManager()

    class Meta:
        abstract = True


def keep_history(*, exclude: list[str] | None = None) -> Callable[[type[M]], type[M]]:
    """Class decorator: every insert, update and deletion is kept in <Model>History."""

    def decorate(model: type[M]) -> type[M]:
        return pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            base_model=TenantEvent,
            model_name=f"{model.__name__}History",
            obj_field=pghistory.ObjForeignKey(related_name="history"),
            context_field=pghistory.ContextJSONField(),
            append_only=True,
            exclude=exclude,
        )(model)

    return decorate
