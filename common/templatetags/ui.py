"""Template tags and filters of the portal's components.

Each tag draws one file of templates/components/; what a long list repeats (pills, volumes,
times) is made in Python, because including a template per cell is what makes lists slow.
`docs/guide/components.md` shows how each is used.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timesince, timezone
from django.utils.formats import number_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import icons, meters, retelling, statuses, wording
from common.charts import Chart
from common.forms import collect_problems
from common.http import tenant_url
from common.tables import TableView
from common.templatetags.blocks import CaptureNode, TableNode

register = template.Library()

STYLESHEETS = (
    "tokens", "base", "layout", "breadcrumb", "menu", "button", "field", "pill", "card", "table",
    "choices", "meter", "timeline", "chart", "tile", "drawer", "tabs", "toast", "progress", "steps",
    "notice", "rule", "plain", "home", "account",
)  # fmt: skip
THEMES = ("light", "dark")
_TOAST_LOOKS = {
    "success": statuses.Look("good", "circle-check"),
    "warning": statuses.Look("warn", "triangle-alert"),
    "error": statuses.Look("bad", "circle-x"),
}

register.tag("capture", CaptureNode.parse)
register.tag("table", TableNode.parse)


@register.simple_tag(takes_context=True)
def turl(context: template.Context, name: str, **kwargs: Any) -> str:
    """`{% turl "usage:line" pk=line.pk %}`: the address of a page of the tenant in view."""
    return tenant_url(context["request"], name, **kwargs)


@register.simple_tag
def stylesheets() -> SafeString:
    """The links to our stylesheets, in the order of the layers."""
    return _stylesheet_links()


@lru_cache(maxsize=1)
def _stylesheet_links() -> SafeString:
    return format_html_join(
        "\n",
        '<link rel="stylesheet" href="{}">',
        ((static(f"css/{n}.css"),) for n in STYLESHEETS),
    )


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """The theme the person chose, or nothing: then the system's preference holds.

    The account knows it; before the sign-in, the browser's cookie does.
    """
    request: HttpRequest | None = context.get("request")
    person = getattr(request, "user", None)
    if person is not None and person.is_authenticated:
        chosen = person.theme
    else:
        chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


@register.simple_tag(name="icon")
def icon_tag(name: str) -> SafeString:
    """`{% icon "phone" %}`: a Lucide icon beside a word."""
    return icons.icon(name)


def _attributes(attrs: dict[str, Any]) -> SafeString:
    """Keyword arguments as HTML attributes: `hx_get` becomes hx-get; empty ones are left out."""
    kept = {k.strip("_").replace("_", "-"): v for k, v in attrs.items() if v not in ("", None)}
    return flatatt(kept)


@register.inclusion_tag("components/button.html")
def button(
    label: str,
    *,
    variant: str = "secondary",
    icon: str = "",
    href: str = "",
    **attrs: Any,
) -> dict[str, Any]:
    """`{% button "Save" variant="primary" %}`; with `href` it is a link that looks like one."""
    if not href:
        attrs = {"type": "submit", **attrs}
    return {
        "label": label,
        "variant": variant,
        "icon": icon,
        "href": href,
        "attrs": _attributes(attrs),
    }


@register.inclusion_tag("components/action.html", takes_context=True)
def action(
    context: template.Context, label: str, url: str, *, variant: str = "secondary", icon: str = "",
    **fields: Any,
) -> dict[str, Any]:  # fmt: skip
    """`{% action "Retire" url variant="danger" %}`: a POST form of one button."""
    return {
        "csrf_token": context.get("csrf_token"),
        "label": label,
        "url": url,
        "variant": variant,
        "icon": icon,
        "fields": fields,
    }


@register.simple_tag
def crumb(label: str, url: str) -> SafeString:
    """`{% crumb "Lines" url %}`, in the breadcrumb block; the page itself is added by the base."""
    return format_html('<li><a href="{}">{}</a></li>', url, label)


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: Any) -> dict[str, Any]:
    """`{% error_summary form %}`: all problems of forms and formsets, linked to their fields."""
    return {"problems": collect_problems(*forms)}


@register.inclusion_tag("components/filters.html")
def table_filters(view: TableView) -> dict[str, Any]:
    """`{% table_filters lines %}`: the filter form of a list, outside the part that is replaced."""
    return {"view": view, "form": view.filter_form}


@register.simple_tag(name="pill")
def pill_tag(tone: str, label: str, icon: str = "circle") -> SafeString:
    """`{% pill "good" "Active" "circle-check" %}`: a pill that is no registered status."""
    return statuses.pill(label, statuses.Look(tone, icon))  # type: ignore[arg-type]


@register.filter(name="pill")
def pill_filter(value: str, kind: str) -> SafeString:
    """`{{ command.status|pill:"command" }}`: a registered status (common.statuses)."""
    return statuses.status_pill(kind, value)


@register.filter
def toast_look(level_tag: str) -> statuses.Look:
    """Tone and icon for a message's level."""
    return _TOAST_LOOKS.get(level_tag, statuses.Look("info", "info"))


@register.filter
def volume(value: int | None) -> str:
    """Bytes as `1.25 GB`, in the language's own number form; a dash when not known."""
    return wording.UNKNOWN if value is None else wording.volume(int(value))


@register.filter
def retold(english: str) -> str:
    """A sentence that was kept in English, in the language in use."""
    return retelling.retold(english)


@register.filter
def exact_volume(value: int | None) -> str:
    """As `volume`, with the exact bytes at hand for whoever needs them."""
    if value is None:
        return wording.UNKNOWN
    exact = _("%(bytes)s bytes") % {"bytes": number_format(int(value), force_grouping=True)}
    return format_html(
        '<data value="{}" title="{}">{}</data>',
        int(value),
        exact,
        wording.volume(int(value)),
    )


def _time_element(value: datetime, words: str, *, title: str = "") -> SafeString:
    # By hand, since a list has one per row; what is put in is digits and names of months.
    shown = f' title="{escape(title)}"' if title else ""
    return SafeString(f'<time datetime="{value.isoformat()}"{shown}>{escape(words)}</time>')


@register.filter
def moment(value: datetime | None) -> str:
    """A time in the tenant's zone, to the minute; the machine's form beside it."""
    return wording.UNKNOWN if value is None else _time_element(value, wording.moment(value))


@register.filter
def exact_moment(value: datetime | None) -> str:
    """A time in the tenant's zone, to the millisecond."""
    if value is None:
        return wording.UNKNOWN
    return format_html(
        '<time datetime="{}">{}</time>', value.isoformat(), wording.exact_moment(value)
    )


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago, in its largest unit; the exact time at hand."""
    if value is None:
        return wording.UNKNOWN
    seconds = (timezone.now() - value).total_seconds()
    if 0 <= seconds < 60:
        words = _("just now")
    elif seconds < 0:
        words = wording.moment(value)
    else:
        words = _("%(time)s ago") % {"time": timesince.timesince(value, depth=1)}
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        wording.moment(value),
        words,
    )


@register.filter
def day(value: Any) -> str:
    """A date, short: 18 Mar 2025."""
    return wording.UNKNOWN if value is None else wording.day(value)


@register.filter
def clock(value: datetime | None) -> str:
    """The time of day to the second, where the day stands above it."""
    if value is None:
        return wording.UNKNOWN
    return _time_element(value, f"{timezone.localtime(value):%H:%M:%S}")


@register.simple_tag
def usage_meter(used: int | None, cap: int | None, **options: Any) -> SafeString:
    """`{% usage_meter used cap %}`, in bytes; `compact=True` in a list, `warn_at=80` in percent."""
    return meters.meter(used=used, cap=cap, **options)


@register.inclusion_tag("components/chart.html")
def chart(chart: Chart) -> dict[str, Any]:
    """`{% chart usage_by_day %}`: a common.charts.Chart with its table of figures."""
    return {"chart": chart}
