"""How the statuses of connectors and signals look."""

from common.statuses import Look, register_statuses
from connectors.models import ConnectorState, Outcome

CONNECTOR = {
    "not_set_up": Look("neutral", "circle-dashed"),
    "awaiting_consent": Look("info", "clock"),
    "validation_failed": Look("bad", "circle-x"),
    "active": Look("good", "circle-check"),
    "no_recent_contact": Look("warn", "triangle-alert"),
    "disabled": Look("neutral", "circle-slash"),
}
SIGNAL = {
    "processed": Look("good", "circle-check"),
    "ignored": Look("neutral", "circle-slash"),
    "held": Look("warn", "clock"),
    "rejected": Look("bad", "circle-x"),
    "duplicate": Look("neutral", "copy"),
}

register_statuses("connector", choices=ConnectorState.choices, looks=CONNECTOR)
register_statuses("signal", choices=Outcome.choices, looks=SIGNAL)
