"""How the statuses of connectors and signals look."""

from common.statuses import Look, register_statuses
from connectors.models import CheckState, ConnectorState, ConsentState, MatchState, Outcome

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

CHECK = {
    "waiting": Look("info", "loader"),
    "good": Look("good", "circle-check"),
    "bad": Look("bad", "circle-x"),
    "skipped": Look("neutral", "circle-dashed"),
}
MATCH = {
    "matched": Look("good", "circle-check"),
    "doubtful": Look("warn", "triangle-alert"),
    "decided": Look("info", "user-check"),
    "none": Look("neutral", "circle-dashed"),
}
CONSENT = {
    "off": Look("neutral", "circle-slash"),
    "active": Look("good", "circle-check"),
    "broken": Look("bad", "circle-x"),
}

register_statuses("connector", choices=ConnectorState.choices, looks=CONNECTOR)
register_statuses("signal", choices=Outcome.choices, looks=SIGNAL)
register_statuses("check", choices=CheckState.choices, looks=CHECK)
register_statuses("consent", choices=ConsentState.choices, looks=CONSENT)
register_statuses("match", choices=MatchState.choices, looks=MATCH)
