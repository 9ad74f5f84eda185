"""How the statuses of products, policies and claims look."""

from common.statuses import Look, register_statuses
from licensing.models import Capability, ClaimState, PolicyState

CAPABILITY = {
    "Enabled": Look("good", "circle-check"),
    "Warning": Look("warn", "triangle-alert"),
    "Suspended": Look("bad", "circle-pause"),
    "Deleted": Look("neutral", "archive"),
    "LockedOut": Look("bad", "lock"),
}
POLICY = {
    "on": Look("good", "circle-check"),
    "paused": Look("warn", "circle-pause"),
    "off": Look("neutral", "circle-off"),
}
CLAIM = {
    "new": Look("info", "loader"),
    "waiting": Look("warn", "hourglass"),
    "nothing": Look("neutral", "circle-minus"),
    "claimed": Look("info", "ticket"),
    "assigning": Look("info", "loader"),
    "unknown": Look("warn", "circle-help"),
    "assigned": Look("good", "circle-check"),
    "failed": Look("bad", "circle-x"),
    "undoing": Look("info", "loader"),
    "undone": Look("neutral", "undo-2"),
    "removed": Look("neutral", "user-x"),
}

register_statuses("subscription", choices=Capability.choices, looks=CAPABILITY)
register_statuses("auto_claim_policy", choices=PolicyState.choices, looks=POLICY)
register_statuses("claim", choices=ClaimState.choices, looks=CLAIM)
