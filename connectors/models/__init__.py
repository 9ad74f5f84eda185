from connectors.models.connector import Connector, ConnectorState, Provider
from connectors.models.release import Release
from connectors.models.signal import Outcome, Signal, SignalledRestriction

__all__ = [
    "Connector",
    "ConnectorState",
    "Outcome",
    "Provider",
    "Release",
    "Signal",
    "SignalledRestriction",
]
