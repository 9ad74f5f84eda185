"""How the statuses of lines and of imports look."""

from django.utils.translation import gettext_lazy as _

from common.statuses import Look, register_statuses
from usage.models import ImportState, LineState, UnmatchedState

LINE = {
    "active": Look("good", "circle-check"),
    "retired": Look("neutral", "archive"),
}
STANDINGS = [
    ("within", _("Within limits")),
    ("near", _("Near the limit")),
    ("over", _("Over the limit")),
    ("unknown", _("Not judged yet")),
]
STANDING = {
    "within": Look("good", "circle-check"),
    "near": Look("warn", "triangle-alert"),
    "over": Look("bad", "octagon-alert"),
    "unknown": Look("neutral", "circle-dashed"),
}
IMPORT = {
    "columns": Look("neutral", "columns-3"),
    "checking": Look("info", "loader"),
    "check_failed": Look("bad", "circle-x"),
    "ready": Look("warn", "circle-pause"),
    "waiting": Look("neutral", "hourglass"),
    "running": Look("info", "loader"),
    "done": Look("good", "circle-check"),
    "failed": Look("bad", "circle-x"),
    "cancelled": Look("neutral", "ban"),
}
UNMATCHED = {
    "open": Look("warn", "circle-question-mark"),
    "counted": Look("good", "circle-check"),
    "dismissed": Look("neutral", "ban"),
}

register_statuses("line", choices=LineState.choices, looks=LINE)
register_statuses("standing", choices=STANDINGS, looks=STANDING)
register_statuses("import", choices=ImportState.choices, looks=IMPORT)
register_statuses("unmatched", choices=UnmatchedState.choices, looks=UNMATCHED)
