"""Whom a rule takes: one SQL query over the facts of a whole tenant, or of some of its devices."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import connection

from common.tenancy import current_tenant_id
from devices.models import Group
from devices.rules import Kind, Property, Rule, Sql, compile_rule

NAMES = 20
"""How many of the devices that would join or leave are named."""


@dataclass(frozen=True)
class Preview:
    """Who would join and leave: how many, and the names of the first."""

    joins: int
    joining: list[str]
    leaves: int
    leaving: list[str]


def taken(rule: Rule, *, device_ids: Collection[int] | None = None) -> Sql:
    """A query for the device_id of each device that the rule takes; of these devices only."""
    tenant_id = current_tenant_id()
    scope, parameters = _scope(tenant_id, device_ids)
    condition = compile_rule(rule, distinct=lambda item: _distinct(item, scope, parameters))
    return Sql(
        f"SELECT f.device_id FROM devices_devicefacts f WHERE {scope} AND ({condition.text})",  # noqa: S608 - of our own list of columns
        (*parameters, *condition.parameters),
    )


def preview(rule: Rule, *, group: Group | None) -> Preview:
    """Who would join and leave `group` (None: a new one) if this were its rule."""
    wanted = taken(rule)
    tenant_id, group_id = current_tenant_id(), group.pk if group else None
    here = (
        "SELECT m.device_id FROM devices_groupmember m "
        "WHERE m.tenant_id = %s AND m.group_id = %s AND m.left_at IS NULL"
    )
    is_here = (tenant_id, group_id)
    joins, joining = _counted(wanted.text, here, (*wanted.parameters, *is_here))
    leaves, leaving = _counted(here, wanted.text, (*is_here, *wanted.parameters))
    return Preview(joins=joins, joining=joining, leaves=leaves, leaving=leaving)


def _counted(some: str, others: str, parameters: tuple[object, ...]) -> tuple[int, list[str]]:
    """How many devices are in one query and not in the other, and the first names."""
    query = (
        f"WITH d AS MATERIALIZED (({some}) EXCEPT ({others})) "  # noqa: S608 - of two queries made here
        "SELECT (SELECT count(*) FROM d), ARRAY(SELECT v.name FROM devices_device v "
        "JOIN d ON d.device_id = v.id WHERE v.tenant_id = %s ORDER BY v.name, v.id LIMIT %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*parameters, current_tenant_id(), NAMES])
        count, names = cursor.fetchone()
    return count, names


def _scope(tenant_id: int, device_ids: Collection[int] | None) -> tuple[str, tuple[object, ...]]:
    here = "f.tenant_id = %s AND f.in_service"
    if device_ids is None:
        return here, (tenant_id,)
    return f"{here} AND f.device_id = ANY(%s)", (tenant_id, list(device_ids))


def _distinct(item: Property, scope: str, parameters: tuple[object, ...]) -> Iterable[str]:
    """The texts of a property that a pattern has to be tried on."""
    column = f"unnest(f.{item.column})" if item.kind == Kind.COLLECTION else f"f.{item.column}"
    query = f"SELECT DISTINCT {column} FROM devices_devicefacts f WHERE {scope}"  # noqa: S608 - of our own list of columns
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters))
        return [text for (text,) in cursor.fetchall() if text is not None]
