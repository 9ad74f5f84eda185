"""Charts: pygal computes the picture, our stylesheet gives it its colours.

pygal writes its style, its script and ids of its own into every SVG. The content security policy
refuses the first two and a theme switch would not reach them, so only geometry and classes are
kept; the tooltips become <title> elements. The same figures stand in a table under the picture.

The picture scales with its container, and the style sheet makes its words larger as it shrinks, so
room is kept here for words of that size, and only as many labels stand under the axis as fit then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from xml.etree import ElementTree

import pygal  # type: ignore[import-untyped]
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe

from common.wording import UNKNOWN
from common.wording import day as day_in_words

# pygal hooks a finder for its plug-ins into Python's imports, in a form Python no longer knows: it
# makes every later optional import warn. We use no plug-ins.
sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, pygal.PluginImportFixer)]

WIDTH, HEIGHT = 560, 240
_LARGEST_TEXT = 20
_LETTERS_SHOWN = 28
_DAYS_ALL_SHOWN = 10
_MOST_COUNTED = 6
_DAYS_MARKED = {1, 5, 10, 15, 20, 25}
_KEPT_ON_ROOT = ("viewBox", "xmlns")
Figure = int | float
Label = str | date


@dataclass(frozen=True)
class Series:
    """One line or one colour of bars: a name and a figure per label, None where unknown."""

    name: str
    figures: Sequence[Figure | None]


@dataclass(frozen=True)
class Chart:
    """A picture and its figures. `rows` are (label, one text per series)."""

    title: str
    svg: SafeString
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    label_head: str


def bar_chart(
    *,
    title: str,
    label_head: str,
    labels: Sequence[Label],
    series: Sequence[Series],
    wording: Callable[[Figure], str] = number_format,
) -> Chart:
    """Bars stacked on each other, for shares of a sum over time or over kinds.

    Labels that are dates are told in full in the table, and by every fifth day under the axis.
    """
    return _chart(pygal.StackedBar, title, label_head, labels, series, wording)


def line_chart(
    *,
    title: str,
    label_head: str,
    labels: Sequence[Label],
    series: Sequence[Series],
    wording: Callable[[Figure], str] = number_format,
) -> Chart:
    """Lines, for a trend; a flat series makes a limit."""
    return _chart(pygal.Line, title, label_head, labels, series, wording)


def _chart(
    kind: type[pygal.Graph],
    title: str,
    label_head: str,
    labels: Sequence[Label],
    series: Sequence[Series],
    wording: Callable[[Figure], str],
) -> Chart:
    texts = [_in_full(label) for label in labels]
    graph = kind(
        width=WIDTH,
        height=HEIGHT,
        margin=8,
        explicit_size=False,
        disable_xml_declaration=True,
        show_legend=False,
        js=[],
        max_scale=6,
        truncate_label=-1,
        dots_size=2.5,
        rounded_bars=1,
        spacing=4,
        style=pygal.style.Style(label_font_size=_LARGEST_TEXT),
        value_formatter=lambda figure: "" if figure is None else str(wording(figure)),
    )
    graph.x_labels = _under_the_axis(labels)
    if (highest := _highest_whole(kind, series)) is not None:
        graph.y_labels = range(highest + 1)
    for one in series:
        is_flat = len(set(one.figures)) == 1  # a limit, not a trend: no dots
        points = [
            {"value": figure, "label": text}
            for figure, text in zip(one.figures, texts, strict=False)
        ]
        graph.add(one.name, points, show_dots=not is_flat)
    graph.add_xml_filter(partial(_only_geometry, title))
    told = tuple(
        (text, tuple(_told(one.figures, index, wording) for one in series))
        for index, text in enumerate(texts)
    )
    return Chart(
        title=title,
        svg=mark_safe(graph.render(is_unicode=True)),  # noqa: S308 - ElementTree escaped it
        heads=tuple(one.name for one in series),
        rows=told,
        label_head=label_head,
    )


def _highest_whole(kind: type[pygal.Graph], series: Sequence[Series]) -> int | None:
    """The top of the picture where it is a small whole number: nobody counts 2.4 of something."""
    figures = [[figure or 0 for figure in one.figures] for one in series]
    if not figures or not all(isinstance(each, int) for one in figures for each in one):
        return None
    if issubclass(kind, pygal.StackedBar):
        figures = [[sum(column) for column in zip(*figures, strict=False)]]
    highest = max((each for one in figures for each in one), default=0)
    return int(highest) if 1 <= highest <= _MOST_COUNTED else None


def _in_full(label: Label) -> str:
    return day_in_words(label) if isinstance(label, date) else str(label)


def _under_the_axis(labels: Sequence[Label]) -> list[str]:
    """A short text per label, empty where it would run into its neighbours."""
    days = [label for label in labels if isinstance(label, date)]
    if days and len(days) == len(labels):
        is_short = len(days) <= _DAYS_ALL_SHOWN
        return [str(day.day) if is_short or day.day in _DAYS_MARKED else "" for day in days]
    texts = [str(label) for label in labels]
    longest = max(map(len, texts), default=1) + 1
    every = max(1, -(-len(texts) * longest // _LETTERS_SHOWN))
    return [text if index % every == 0 else "" for index, text in enumerate(texts)]


def _told(figures: Sequence[Figure | None], index: int, wording: Callable[[Figure], str]) -> str:
    figure = figures[index] if index < len(figures) else None
    return UNKNOWN if figure is None else str(wording(figure))


def _only_geometry(title: str, root: ElementTree.Element) -> ElementTree.Element:
    for name in set(root.attrib) - set(_KEPT_ON_ROOT):
        del root.attrib[name]
    root.set("class", "chart-picture")
    root.set("role", "img")
    root.set("aria-label", str(title))
    for parent in list(root.iter()):
        parent.attrib.pop("style", None)
        _words_instead_of_descriptions(parent)
        for child in list(parent):
            if _is_unwanted(child):
                parent.remove(child)
    return root


def _is_unwanted(element: ElementTree.Element) -> bool:
    if not isinstance(element.tag, str):  # a comment
        return True
    name = element.tag.rpartition("}")[2]
    is_pygal_title = name == "title" and element.text == "Pygal"
    overlay = "overlay" in element.get("class", "") and "text" in element.get("class", "")
    empty_overlay = overlay or "tooltip-overlay" in element.get("class", "")
    is_empty = name == "text" and not element.text
    return (
        name in ("defs", "style", "script", "desc") or is_pygal_title or empty_overlay or is_empty
    )


def _words_instead_of_descriptions(parent: ElementTree.Element) -> None:
    told = {
        child.get("class", ""): child.text or ""
        for child in parent
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == "desc"
    }
    if "value" in told:
        words = ElementTree.SubElement(parent, "title")
        words.text = ": ".join(text for text in (told.get("label"), told["value"]) if text)
