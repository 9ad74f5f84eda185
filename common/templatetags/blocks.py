"""The two tags that wrap template text: `capture` and `table`.

Django's templates have no slots; these are ours. `table` draws the frame of a list once and
the row's cells, given by the page, once per row, without a template inclusion per cell.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from common.selection import PICK
from common.tables import TableView


class CaptureNode(template.Node):
    """`{% capture name %}...{% endcapture %}`: the text, kept for use in several places."""

    def __init__(self, *, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    @classmethod
    def parse(cls, parser: Parser, token: Token) -> CaptureNode:
        try:
            _tag, name = token.split_contents()
        except ValueError:
            raise template.TemplateSyntaxError("{% capture name %} takes one name.") from None
        nodelist = parser.parse(("endcapture",))
        parser.delete_first_token()
        return cls(name=name, nodelist=nodelist)

    def render(self, context: template.Context) -> SafeString:
        text = self.nodelist.render(context).strip()
        context[self.name] = mark_safe(text)  # noqa: S308 - rendered, so escaped
        return SafeString("")


class TableNode(template.Node):
    """`{% table lines as line label="..." %} cells {% empty %} what to do {% endtable %}`.

    With `verbs=...` (common.selection.Verb) rows can be chosen, and the verbs stand above them.
    """

    child_nodelists = ("cells", "empty")

    def __init__(
        self, *, view: FilterExpression, row: str, label: FilterExpression, cells: NodeList,
        empty: NodeList, verbs: FilterExpression | None,
    ) -> None:  # fmt: skip
        self.view, self.row, self.label, self.verbs = view, row, label, verbs
        self.cells, self.empty = cells, empty

    @classmethod
    def parse(cls, parser: Parser, token: Token) -> TableNode:
        bits = token.split_contents()
        more = bits[5] if len(bits) == 6 else "verbs="
        well_formed = len(bits) in {5, 6} and bits[2] == "as" and bits[4].startswith("label=")
        if not (well_formed and more.startswith("verbs=")):
            raise template.TemplateSyntaxError(
                'Write {% table lines as line label="..." %}: the list, the row\'s name, and what '
                "screen readers call the table; with verbs=... rows can be chosen."
            )
        cells = parser.parse(("empty", "endtable"))
        empty = NodeList()
        if parser.next_token().contents == "empty":
            empty = parser.parse(("endtable",))
            parser.delete_first_token()
        return cls(
            view=parser.compile_filter(bits[1]),
            row=bits[3],
            label=parser.compile_filter(bits[4].removeprefix("label=")),
            cells=cells,
            empty=empty,
            verbs=parser.compile_filter(bits[5].removeprefix("verbs=")) if bits[5:] else None,
        )

    def render(self, context: template.Context) -> SafeString:
        view: TableView = self.view.resolve(context)
        verbs = self.verbs.resolve(context) if self.verbs else None
        frame: dict[str, Any] = {
            "view": view,
            "label": self.label.resolve(context),
            "verbs": verbs,
        }
        with context.push():
            if view.rows:
                frame["rows"] = self._rows(context, view.rows, choose=_("Choose") if verbs else "")
            elif not view.is_filtered:
                frame["empty"] = self.empty.render(context)
        return get_template("components/table.html").render(frame)

    def _rows(self, context: template.Context, rows: list[Any], *, choose: str) -> SafeString:
        """The rows' cells; with the word `choose`, a check box before them."""
        drawn = []
        for row in rows:
            context[self.row] = row
            box = ""
            if choose:
                name = escape(getattr(row, "choice_label", row))
                box = (
                    f'<td class="choice"><input type="checkbox" name="{PICK}" value="{row.pk}" '
                    f'aria-label="{choose}: {name}"></td>'
                )
            drawn.append(f"<tr>{box}{self.cells.render(context)}</tr>")
        return mark_safe("".join(drawn))  # noqa: S308 - rendered, so escaped
