"""A thin client of Microsoft Graph: bounded, patient, and careful with its token."""

from connectors.graph.batches import BatchAnswer, BatchRequest
from connectors.graph.client import GraphClient
from connectors.graph.clients import NotConnected, app_for, connected_client, graph_client
from connectors.graph.errors import (
    BadAnswer,
    CircuitOpen,
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphUnavailable,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OutcomeUnknown,
    StartAgain,
)

__all__ = [
    "BadAnswer",
    "BatchAnswer",
    "BatchRequest",
    "CircuitOpen",
    "GraphClient",
    "GraphError",
    "GraphRefused",
    "GraphThrottled",
    "GraphUnavailable",
    "NotAllowed",
    "NotAuthenticated",
    "NotConnected",
    "NotFound",
    "OutcomeUnknown",
    "StartAgain",
    "app_for",
    "connected_client",
    "graph_client",
]
