"""The policy a tenant starts with: a notice at 80 %, and at 100 % the service stops."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from usage.models import Measure, Policy, Scope, Threshold

THRESHOLDS: tuple[dict[str, Any], ...] = (
    {"scope": Scope.DOMESTIC, "value": Decimal(80)},
    {"scope": Scope.DOMESTIC, "value": Decimal(100), "block_cellular": True},
    {"scope": Scope.ROAMING, "value": Decimal(80)},
    {"scope": Scope.ROAMING, "value": Decimal(100), "block_roaming": True},
)


def create_default_policy(**new_tenant: Any) -> Policy:
    """Make it, for the tenant in scope; called in the transaction that creates the tenant."""
    policy = Policy.objects.create(name=_("Standard"), is_default=True)
    for position, fields in enumerate(THRESHOLDS, start=1):
        Threshold.objects.create(
            policy=policy, position=position, measure=Measure.PERCENT, **fields
        )
    return policy
