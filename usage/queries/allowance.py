"""How far the helpdesk of the tenant in scope may go."""

from __future__ import annotations

from usage.models import HelpdeskAllowance


def helpdesk_allowance() -> HelpdeskAllowance:
    """What was set, else the defaults (a row that is not saved)."""
    return HelpdeskAllowance.objects.first() or HelpdeskAllowance()
