"""Lines whose SIM is in a personal device: not collected, not limited, not shown to everybody."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from common.tenancy import current_tenant_id

# From the devices down, of which most tenants have few or none.
PERSONAL = """
SELECT ls.line_id
FROM devices_devicecategory k
JOIN devices_device d ON d.tenant_id = k.tenant_id AND d.category_id = k.id
JOIN devices_devicesim ds
  ON ds.tenant_id = k.tenant_id AND ds.device_id = d.id AND ds.unlinked_at IS NULL
JOIN usage_linesim ls
  ON ls.tenant_id = k.tenant_id AND ls.sim_id = ds.sim_id AND ls.unlinked_at IS NULL
WHERE k.tenant_id = %(tenant)s AND k.is_personal
"""
"""The personal lines of the tenant whose id is the parameter `tenant`."""


def personal_lines(*, line_ids: Iterable[int]) -> set[int]:
    """Which of these lines are in a personal device now (one query; none for no lines)."""
    ids = list(line_ids)
    if not ids:
        return set()
    with connection.cursor() as cursor:
        parameters = {"tenant": current_tenant_id(), "lines": ids}
        cursor.execute(f"{PERSONAL} AND ls.line_id = ANY(%(lines)s)", parameters)
        return {line_id for (line_id,) in cursor.fetchall()}
