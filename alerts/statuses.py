"""How the severities of alerts look."""

from alerts.models.alert import Severity
from common.statuses import Look, register_statuses

SEVERITY = {
    "warning": Look("warn", "triangle-alert"),
    "critical": Look("bad", "octagon-alert"),
}

register_statuses("severity", choices=Severity.choices, looks=SEVERITY)
