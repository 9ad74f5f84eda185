"""Take the pictures of docs/guide/img from a running portal with demo data.

`.venv/bin/python -m devtools.screenshots ADDRESS PASSWORD` beside `run.py up`, after `run.py test`
has installed what drives the browser. Each picture is named once, in PICTURES.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "guide" / "img"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZE = {"width": 1280, "height": 800}


@dataclass(frozen=True)
class Picture:
    """What one person sees: an address of Contoso, then links or buttons to press by name."""

    name: str
    who: str
    path: str
    press: tuple[str, ...] = ()


ALICE, BOB = "alice@contoso.example", "bob@contoso.example"
PICTURES = (
    Picture("dashboard", ALICE, ""),
    Picture("lines", ALICE, "lines/"),
    Picture("lines-over", BOB, "lines/?standing=over"),
    Picture("line", BOB, "lines/?standing=over", ("first line",)),
    Picture("unblock", BOB, "lines/?standing=restricted", ("first line", "Unblock")),
    Picture("import", ALICE, "imports/add/"),
    Picture("connectors", ALICE, "connectors/"),
    Picture("people", ALICE, "people/"),
    Picture("policy", ALICE, "policies/", ("first line",)),
    Picture("licences", ALICE, "licenses/"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="devtools.screenshots", description=__doc__)
    parser.add_argument("address", help="of the portal, as `run.py up` prints it")
    parser.add_argument("password", help="of the demo log-ins")
    options = parser.parse_args()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("Run `python3 run.py test` once: it installs what drives the browser.")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("No Chromium on this machine: install it (apt-get install chromium).")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for who in sorted({picture.who for picture in PICTURES}):
            page = _signed_in(chromium, options.address, who, options.password)
            for picture in PICTURES:
                if picture.who == who:
                    _take(page, picture)
        chromium.close()


def _signed_in(chromium: Any, address: str, who: str, password: str) -> Any:
    page = chromium.new_context(base_url=address, viewport=SIZE, color_scheme="light").new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", who)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/t/**")
    return page


def _take(page: Any, picture: Picture) -> None:
    page.goto(f"/t/contoso/{picture.path}")
    for name in picture.press:
        if name == "first line":
            page.locator("main tbody th a").first.click()
        else:
            page.locator("main").get_by_role("link", name=name, exact=True).first.click()
        page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{picture.name}.png")


if __name__ == "__main__":
    main()
