"""Rules of the look that no eye should have to check.

The content security policy refuses inline style and script, so a template with either is broken
in a browser only; a colour outside the tokens is wrong in one theme only; an icon's name that
does not exist fails one page only. Here all three fail at once.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from common import icons
from common.templatetags.ui import STYLESHEETS

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
STYLES = sorted((settings.BASE_DIR / "static" / "css").glob("*.css"))
SCRIPTS = sorted((settings.BASE_DIR / "static" / "js").glob("*.js"))
PYTHON = [
    path
    for folder in ("common", "tenants", "audit", "devices", "usage", "connectors", "tem_portal")
    for path in sorted((settings.BASE_DIR / folder).rglob("*.py"))
]

COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch|lab)\(")
PIXEL = re.compile(r"\b\d*\.?\d+px\b")
ID_SELECTOR = re.compile(r"(?:^|[\s,>+~(])#[A-Za-z][\w-]*(?=[^;{}]*\{)", re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_compiles_and_holds_nothing_inline(path):
    get_template(str(path.relative_to(settings.BASE_DIR / "templates")))
    text = path.read_text()
    assert not re.search(r"<style\b|\sstyle\s*=", text), "inline style"
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", text), "inline script"
    assert not re.search(r"\son\w+\s*=\s*[\"']|\shx-on|javascript:", text), "inline handler"
    assert not re.search(r"hx-(?:vals|headers)=[\"']js:|hx-trigger=\"[^\"]*\[", text), "needs eval"
    assert "|safe" not in text or name(path).startswith("templates/django/forms/")


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_colours_and_pixels_stand_in_the_tokens(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert "@layer" in text
    assert not ID_SELECTOR.search(text)
    if path.stem != "tokens":
        assert not COLOUR.search(text)
        assert not PIXEL.search(text)


def test_every_stylesheet_is_linked_and_layers_are_declared_once():
    assert {path.stem for path in STYLES} == set(STYLESHEETS)
    declared = [path.stem for path in STYLES if re.search(r"@layer [\w, ]+;", path.read_text())]
    assert declared == ["tokens"]


def test_every_token_in_use_is_defined():
    texts = {path.stem: path.read_text() for path in STYLES}
    defined = {found for text in texts.values() for found in re.findall(r"(--[\w-]+)\s*:", text)}
    for stem, text in texts.items():
        for used in re.findall(r"var\((--[\w-]+)\)", text):
            assert used in defined, f"{stem}.css uses {used}"


def test_every_icon_exists():
    wanted = set()
    for path in TEMPLATES:
        text = path.read_text()
        wanted |= set(re.findall(r"{% icon \"([\w-]+)\"", text))
        wanted |= set(re.findall(r"\bicon=\"([\w-]+)\"", text))
        wanted |= set(re.findall(r"icon\|default:\"([\w-]+)\"", text))
        wanted |= set(re.findall(r"{% pill \"\w+\" [\w.]+ \"([\w-]+)\"", text))
    for path in PYTHON:
        wanted |= set(re.findall(r"\bLook\(\"\w+\", \"([\w-]+)\"\)", path.read_text()))
    assert len(wanted) > 20
    for one in sorted(wanted):
        assert 'style="' not in icons.icon(one)


def test_every_script_is_a_module_that_the_portal_loads():
    loaded = re.findall(
        r"import \"\./([\w-]+)\.js\"", (SCRIPTS[0].parent / "portal.js").read_text()
    )
    assert sorted([*loaded, "portal"]) == [path.stem for path in SCRIPTS]
    for path in SCRIPTS:
        assert not re.search(r"\beval\(|\.innerHTML|new Function", path.read_text())
