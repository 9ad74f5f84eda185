"""A bar of what is used of what is allowed, with the figures in words beside it.

Drawn with SVG attributes, since style attributes are forbidden, and in Python, since lists have
one per row. Past the allowance the whole bar is the use, and a mark shows where the cap stood.
"""

from __future__ import annotations

from functools import lru_cache

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import wording
from common.statuses import Tone

WARN_AT = 80


def percent_used(used: int, cap: int) -> int:
    """Whole percent, rounded down, so that 100 means reached."""
    return used * 100 // cap if cap > 0 else (100 if used else 0)


def tone_of(percent: int, warn_at: int) -> Tone:
    if percent >= 100:
        return "bad"
    return "warn" if percent >= warn_at else "info"


def meter(
    *, used: int | None, cap: int | None, warn_at: int = WARN_AT, compact: bool = False
) -> SafeString:
    """Bytes used against a cap in bytes; without a cap, or without figures, the words alone."""
    if used is None:
        return format_html('<span class="meter-words quiet">{}</span>', _("No usage known"))
    if cap is None:
        words = _("%(used)s, no cap") % {"used": wording.volume(used)}
        return format_html('<span class="meter-words">{}</span>', words)
    percent = percent_used(used, cap)
    share = _("%(percent)s%%") % {"percent": percent}
    words = _("%(used)s of %(cap)s") % {"used": wording.volume(used), "cap": wording.volume(cap)}
    classes = "meter meter-compact" if compact else "meter"
    return SafeString(
        f'<span class="{classes}" data-tone="{tone_of(percent, warn_at)}">{_bar(percent, warn_at)}'
        f'<span class="meter-words"><span>{escape(words)}</span> '
        f'<strong class="meter-share">{escape(share)}</strong></span></span>'
    )


@lru_cache(maxsize=2048)
def _bar(percent: int, warn_at: int) -> SafeString:
    filled = min(percent, 100)
    mark = warn_at if percent <= 100 else 10_000 / percent
    return format_html(
        '<svg class="meter-bar" aria-hidden="true" focusable="false">'
        '<rect class="meter-track" width="100%" height="100%"/>'
        '<rect class="meter-fill" width="{}%" height="100%"/>'
        '<line class="meter-mark" x1="{}%" x2="{}%" y1="0" y2="100%"/></svg>',
        filled,
        f"{mark:.1f}",
        f"{mark:.1f}",
    )
