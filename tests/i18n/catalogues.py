"""The catalogues and the marked words of the code, read without the tools of gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

MARKERS = {
    "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1,
    "ngettext": 2, "ngettext_lazy": 2, "pgettext": 1, "pgettext_lazy": 1,
    "npgettext": 2, "npgettext_lazy": 2,
}  # fmt: skip
"""The functions of django.utils.translation, with how many texts each takes."""
_LITERAL = r"""u?("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_IN_TEMPLATE = re.compile(rf"\b(_|n?p?gettext)\({_LITERAL}(?:, {_LITERAL})?(?:, {_LITERAL})?")


@dataclass
class Entry:
    """One entry of a .po file; `forms` are its translations, one unless it has a plural."""

    context: str = ""
    text: str = ""
    plural: str = ""
    flags: str = ""
    forms: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.context, self.text, self.plural


def read_po(path: Path) -> list[Entry]:
    """The entries of a .po file, the header (whose text is empty) first. Obsolete ones count."""
    entries: list[Entry] = []
    field_name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            if not entries or entries[-1].forms:
                entries.append(Entry())
            entries[-1].flags += line[2:] if line.startswith("#,") else ""
            assert not line.startswith("#~"), f"An obsolete entry: {line}"
            continue
        name, _, quoted = line.partition(" ") if line[0] != '"' else ("", "", line)
        value = ast.literal_eval(quoted)
        entry, field_name = entries[-1], name or field_name
        if field_name == "msgctxt":
            entry.context += value
        elif field_name == "msgid":
            entry.text += value
        elif field_name == "msgid_plural":
            entry.plural += value
        elif name:
            entry.forms.append(value)
        else:
            entry.forms[-1] += value
    return [entry for entry in entries if entry.forms]


def marked_in_template(source: str) -> set[tuple[str, str, str]]:
    """(context, text, plural) of what a template marks for translation."""
    found = set()
    for match in _IN_TEMPLATE.finditer(templatize(source)):
        texts = [ast.literal_eval(text) for text in match.groups()[1:] if text]
        context = texts.pop(0) if "pgettext" in match[1] else ""
        found.add((context, texts[0], texts[1] if match[1].startswith("n") else ""))
    return found


def marked_in_python(source: str) -> set[tuple[str, str, str]]:
    """(context, text, plural) of what a module marks for translation."""
    tree = ast.parse(source)
    names = dict(_markers(tree))
    found = set()
    for call in ast.walk(tree):
        name = (
            call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
        )
        if name in names and isinstance(call, ast.Call):
            texts = [str(ast.literal_eval(text)) for text in call.args if _is_text(text)]
            if not texts:  # a text that is marked where it stands
                continue
            context = texts.pop(0) if "pgettext" in names[name] else ""
            found.add((context, texts[0], texts[1] if MARKERS[names[name]] == 2 else ""))
    return found


def _markers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            for alias in node.names:
                if alias.name in MARKERS:
                    called = alias.asname or alias.name
                    assert called in {"_", alias.name}, f"makemessages does not know {called}()"
                    yield called, alias.name


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def sentences_in(source: str) -> set[str]:
    """The literals of a module that look like sentences, their values filled in with samples."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    docs = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in docs | parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.add("".join(_sample(part, constants) for part in node.values))
    return {text for text in found if re.match(r"[A-Z\d].* .*[.?]$", text, re.DOTALL)}


def _sample(part: ast.expr, constants: dict[str, object]) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    name = getattr(getattr(part, "value", None), "id", "")
    samples = {"wanted": "12,5 or 1.234,5", **constants}
    return str(samples.get(name, "7"))
