"""How the statuses of lines look."""

from django.utils.translation import gettext_lazy as _

from common.statuses import Look, register_statuses
from usage.models import LineState

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

register_statuses("line", choices=LineState.choices, looks=LINE)
register_statuses("standing", choices=STANDINGS, looks=STANDING)
