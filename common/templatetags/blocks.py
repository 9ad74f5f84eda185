"""The two tags that wrap template text: `capture` and `table`.

Django's templates have no slots; these are ours. `table` draws the frame of a list once and
the row's cells, given by the page, once per row, without a template inclusion per cell.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

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
    """`{% table lines as line label="..." %} cells {% empty %} what to do {% endtable %}`."""

    child_nodelists = ("cells", "empty")

    def __init__(
        self, *, view: FilterExpression, row: str, label: FilterExpression, cells: NodeList,
        empty: NodeList,
    ) -> None:  # fmt: skip
        self.view, self.row, self.label = view, row, label
        self.cells, self.empty = cells, empty

    @classmethod
    def parse(cls, parser: Parser, token: Token) -> TableNode:
        bits = token.split_contents()
        if len(bits) != 5 or bits[2] != "as" or not bits[4].startswith("label="):
            raise template.TemplateSyntaxError(
                'Write {% table lines as line label="..." %}: the list, the row\'s name, and what '
                "screen readers call the table."
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
        )

    def render(self, context: template.Context) -> SafeString:
        view: TableView = self.view.resolve(context)
        frame: dict[str, Any] = {"view": view, "label": self.label.resolve(context)}
        with context.push():
            if view.rows:
                frame["rows"] = self._rows(context, view.rows)
            elif not view.is_filtered:
                frame["empty"] = self.empty.render(context)
        return get_template("components/table.html").render(frame)

    def _rows(self, context: template.Context, rows: list[Any]) -> SafeString:
        drawn = []
        for row in rows:
            context[self.row] = row
            drawn.append(f"<tr>{self.cells.render(context)}</tr>")
        return mark_safe("".join(drawn))  # noqa: S308 - rendered, so escaped
