"""How the severities and states of alerts look."""

from alerts.models.alert import AlertState, Severity
from common.statuses import Look, register_statuses

SEVERITY = {
    "warning": Look("warn", "triangle-alert"),
    "critical": Look("bad", "octagon-alert"),
}

register_statuses("severity", choices=Severity.choices, looks=SEVERITY)

STATE = {
    "open": Look("bad", "bell-ring"),
    "acknowledged": Look("info", "eye"),
    "resolved": Look("good", "circle-check"),
}

register_statuses("alert", choices=AlertState.choices, looks=STATE)
