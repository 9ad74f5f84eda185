"""How the states of a connector look."""

from common.statuses import Look, register_statuses
from connectors.models import ConnectorState

CONNECTOR = {
    "not_set_up": Look("neutral", "circle-dashed"),
    "awaiting_consent": Look("warn", "clock"),
    "validation_failed": Look("bad", "circle-x"),
    "active": Look("good", "circle-check"),
    "no_recent_contact": Look("warn", "triangle-alert"),
    "disabled": Look("neutral", "circle-slash"),
}

register_statuses("connector", choices=ConnectorState.choices, looks=CONNECTOR)
