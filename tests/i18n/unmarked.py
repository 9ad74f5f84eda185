"""Finding words on the screen that nobody marked for translation.

In templates: text and the attributes people read, and literal words handed to tags and filters.
In Python: the calls and keywords through which words reach the screen. Each finding is
`line: text`, so that a failing test says what to mend.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

READ_ATTRIBUTES = {"title", "aria-label", "placeholder", "alt", "label", "aria-description"}
NOT_WORDS = {"script", "style", "code", "kbd", "samp"}
MARKED = re.compile(
    r"{%\s*(blocktrans|blocktranslate|comment)\b.*?{%\s*end\1\s*%}|{#.*?#}", re.DOTALL
)
TAG = re.compile(r"{%-?\s*(\w+)(.*?)%}|{{(.*?)}}", re.DOTALL)
LITERAL = re.compile(r"""(?<!_\()(["'])((?:(?!\1).)*)\1""")
LETTER = re.compile(r"[^\W\d_]{2}")
LIKE_WORDS = re.compile(r"^[A-ZÀ-Þ][a-zà-ÿ]+|[a-zà-ÿ] [a-zà-ÿA-Z]")
STRUCTURE = {
    "trans", "translate", "extends", "include", "load", "block", "partialdef", "partial", "url",
    "turl", "static", "if", "elif", "icon", "cycle", "get_current_language", "with",
}  # fmt: skip
FORMATS = re.compile(r"\|(date|time|pill|floatformat|stringformat|cut|split|join):$")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside: list[str] = []
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        read = READ_ATTRIBUTES | ({"value"} if ("type", "submit") in attrs else set())
        if tag == "meta" and ("name", "description") in attrs:
            read = read | {"content"}
        for name, text in attrs:
            if name in read and text and LETTER.search(text):
                self.found.append((self.getpos()[0], f"{name}={text}"))
        if tag in NOT_WORDS:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside and LETTER.search(data):
            self.found.append((self.getpos()[0], " ".join(data.split())))


def _blank(text: str) -> str:
    """As many lines, and no words."""
    return "\n" * text.count("\n")


def in_template(source: str) -> list[str]:
    """The unmarked words of a template."""
    source = MARKED.sub(lambda match: _blank(match.group()), source)
    found = list(_in_tags(source))
    reader = _Reader()
    reader.feed(TAG.sub(lambda match: _blank(match.group()), source))
    reader.close()
    found += reader.found
    return [f"{line}: {text}" for line, text in sorted(found)]


def _in_tags(source: str) -> Iterator[tuple[int, str]]:
    for tag in TAG.finditer(source):
        name, arguments = tag.group(1), tag.group(2) or tag.group(3) or ""
        if name in STRUCTURE and name not in {"include", "with"}:
            continue
        for literal in LITERAL.finditer(arguments):
            if FORMATS.search(arguments[: literal.start()]) or literal.group(2).endswith(".html"):
                continue
            if LIKE_WORDS.search(literal.group(2)):
                yield source.count("\n", 0, tag.start()) + 1, literal.group(2)


# --- Python -----------------------------------------------------------------------------------

SAYS = {
    "success": 1, "info": 1, "warning": 1, "error": 1, "add_error": 1, "ValidationError": 0,
    "PermissionDenied": 0, "Http404": 0, "RegexValidator": 1, "Column": 1, "Entry": 1,
}  # fmt: skip
"""Calls by name, with the position of the words that reach the screen."""
SAY = {"label", "help_text", "verbose_name", "verbose_name_plural", "violation_error_message"} | {
    "empty_label",
    "message",
}
MARKERS = {"gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
LAZY = {name for name in MARKERS if name.endswith("_lazy")}


def in_python(source: str) -> list[str]:
    """The unmarked words of a module, words marked too late, and words marked too early."""
    tree = ast.parse(source)
    names = _markers(tree)
    found = [*_said(tree), *_not_constant(tree, names), *_too_early(tree, names)]
    return [f"{line}: {text}" for line, text in sorted(found)]


def _markers(tree: ast.Module) -> dict[str, str]:
    """What the functions of translation are called here: {"_": "gettext_lazy"}."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in MARKERS
    }


def _words(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(_words(part) for part in node.values)
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and bool(LETTER.search(node.value))
    )


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _said(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        position = SAYS.get(_name(call))
        logs = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") in {
            "log",
            "logger",
        }
        if position is not None and not logs and len(call.args) > position:
            argument = call.args[position]
            if _words(argument):
                yield call.lineno, ast.unparse(argument)
        for keyword in call.keywords:
            if keyword.arg in SAY and _words(keyword.value):
                yield call.lineno, ast.unparse(keyword.value)


def _not_constant(tree: ast.Module, names: dict[str, str]) -> Iterator[tuple[int, str]]:
    """`_(f"...")` and `_("..." % x)`: no catalogue can hold what is only known at run time."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        is_marker = isinstance(call.func, ast.Name) and call.func.id in names
        if is_marker and call.args and isinstance(call.args[0], ast.JoinedStr | ast.BinOp):
            yield call.lineno, f"marked too late: {ast.unparse(call.args[0])}"


def _too_early(tree: ast.Module, names: dict[str, str]) -> Iterator[tuple[int, str]]:
    """gettext() while a module is imported: the language is that of nobody."""

    def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            yield child
            yield from outside_functions(child)

    for node in outside_functions(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            marker = names.get(node.func.id, "")
            if marker and marker not in LAZY:
                yield node.lineno, f"translated while importing: {ast.unparse(node)}"
