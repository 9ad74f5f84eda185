from connectors.models.app_registration import AppRegistration, CredentialKind, Purpose
from connectors.models.check import Check, CheckName, CheckState
from connectors.models.connector import Connector, ConnectorState, MdmServer, Provider
from connectors.models.consent import Consent, ConsentState
from connectors.models.inventory import (
    InventoryCursor,
    InventoryItem,
    InventorySeen,
    ItemKind,
    MatchKey,
    MatchState,
)
from connectors.models.release import Release
from connectors.models.signal import Outcome, Signal, SignalledRestriction

__all__ = [
    "AppRegistration",
    "Check",
    "CheckName",
    "CheckState",
    "Connector",
    "ConnectorState",
    "Consent",
    "ConsentState",
    "CredentialKind",
    "InventoryCursor",
    "InventoryItem",
    "InventorySeen",
    "ItemKind",
    "MatchKey",
    "MatchState",
    "MdmServer",
    "Outcome",
    "Provider",
    "Purpose",
    "Release",
    "Signal",
    "SignalledRestriction",
]
