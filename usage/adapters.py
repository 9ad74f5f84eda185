"""What usage does for the apps below it, through their ports."""

from usage.actions.due import make_due


class ConnectorLines:
    """The lines of the tenant in scope, as connectors.ports.Lines asks for them."""

    def make_all_due(self) -> None:
        make_due()
