"""What usage does for the apps below it, through their ports."""

from __future__ import annotations

from collections.abc import Collection

from usage.models import LineSim
from usage.workers.due import make_due


class ConnectorLines:
    """The lines of the tenant in scope, as connectors.ports.Lines asks for them."""

    def make_all_due(self) -> None:
        make_due()


def lines_follow(*, sim_ids: Collection[int]) -> None:
    """Judge the lines of these SIMs again; called inside the transaction in which they moved."""
    links = LineSim.objects.open().filter(sim_id__in=sim_ids)
    make_due(line_ids=list(links.values_list("line_id", flat=True)))
