"""Icons of the `lucide` package as inline SVG, kept once drawn.

The package's own tag copies an XML tree for each use, which a list of fifty rows would feel.
Icons here are decoration: the word stands beside them, so they are hidden from screen readers.
"""

from functools import lru_cache

from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide


@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """The SVG of a Lucide icon, sized by the `.icon` class; raises lucide.IconDoesNotExist."""
    return lucide(name, size=20, **{"class": "icon", "aria_hidden": "true", "focusable": "false"})
