from connectors.models.app_registration import AppRegistration, CredentialKind, Purpose
from connectors.models.connector import Connector, ConnectorState, Provider
from connectors.models.release import Release
from connectors.models.signal import Outcome, Signal, SignalledRestriction

__all__ = [
    "AppRegistration",
    "Connector",
    "ConnectorState",
    "CredentialKind",
    "Outcome",
    "Provider",
    "Purpose",
    "Release",
    "Signal",
    "SignalledRestriction",
]
