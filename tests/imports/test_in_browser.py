"""The whole way in a real browser: upload, columns, check, start, progress, result."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from tests.imports.conftest import when, work
from tests.imports.test_spreadsheets import workbook

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def beyond_the_window(page):
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture
def look(assert_accessible):
    """Accessible in both themes, and nothing sticks out, narrow and wide."""

    def check(page):
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert beyond_the_window(page) <= 0, page.url
            assert_accessible(page)

    return check


@pytest.fixture
def file(tmp_path: Path, usual: bytes) -> Path:
    path = tmp_path / "october.csv"
    path.write_bytes(usual + b"0612345670;31-02-2026;1,5;NL\n")
    return path


def upload(page, file):
    page.goto("/t/contoso/imports/")
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("Carrier").select_option("KPN")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/columns/")


def in_the_background():
    """A worker that begins in a moment, so that the progress is seen first."""

    def later():
        time.sleep(1.5)
        work()
        connection.close()

    thread = threading.Thread(target=later)
    thread.start()
    return thread


def test_from_the_file_to_the_result(browser_page, sign_in, dana, file, look):
    page = browser_page
    sign_in(page, dana)
    page.goto("/t/contoso/imports/")
    look(page)
    page.goto("/t/contoso/imports/add/")
    look(page)
    upload(page, file)
    look(page)

    page.get_by_label("Column of the volume").select_option("Starttijd")
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_selector(".error-summary")
    page.complaints[:] = [c for c in page.complaints if "422" not in c]
    assert page.get_by_text("These look like dates").count() == 2
    look(page)
    page.get_by_label("Column of the volume").select_option("Verbruik (MB)")
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_selector("#import-progress")
    look(page)
    worker = in_the_background()
    page.get_by_role("heading", name="What would happen").wait_for()
    worker.join()
    look(page)
    assert page.get_by_text("This is not a time").count() + page.get_by_text("no such date").count()

    page.get_by_role("button", name="Start the import").click()
    page.wait_for_selector("#import-progress")
    worker = in_the_background()
    page.get_by_role("heading", name="Result").wait_for()
    worker.join()
    page.get_by_role("link", name="Import another file").wait_for()
    look(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rows not taken").click()
    assert download.value.suggested_filename == "october-not-taken.csv"
    page.goto("/t/contoso/imports/")
    assert page.get_by_role("link", name="october.csv").count() == 1
    look(page)


def test_a_wrong_unit_has_to_be_confirmed(browser_page, sign_in, dana, file, look):
    page = browser_page
    sign_in(page, dana)
    upload(page, file)
    page.get_by_label("Unit of the volume").select_option("GB")
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_selector("#import-progress")
    worker = in_the_background()
    page.get_by_text("Is the unit too large?").wait_for()
    worker.join()
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_selector(".error-summary")
    page.complaints[:] = [c for c in page.complaints if "422" not in c]
    look(page)


def test_by_keyboard_and_without_script(browser, live_server, sign_in, dana, file):
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, dana)
    upload(page, file)
    page.get_by_role("button", name="Check the file").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/imports/*/")
    assert page.get_by_text("Waiting for a worker").is_visible()
    work()
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("button", name="Start the import").click()
    work()
    page.get_by_role("link", name="Refresh").click()
    assert page.get_by_role("heading", name="Result").is_visible()
    context.close()


def test_a_sheet_is_chosen_and_the_answers_are_kept(browser_page, sign_in, dana, usual, look):
    page = browser_page
    rows = [line.split(";") for line in usual.decode().splitlines()]
    content = workbook(("Cover", [["Invoice", "of", "March"], [1, 2, 3]]), ("Usage", rows))
    sign_in(page, dana)
    page.goto("/t/contoso/imports/add/")
    page.get_by_label("Carrier").select_option("KPN")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    file = {"name": "usage.xlsx", "mimeType": kind, "buffer": content}
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("navigation", name="Sheets").get_by_role("link", name="Usage").click()
    page.wait_for_url("**/columns/?sheet=Usage")
    look(page)
    page.get_by_label("Keep these answers as").fill("KPN monthly")
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_selector("#import-progress")
    page.goto("/t/contoso/imports/presets/")
    look(page)
    page.get_by_role("link", name="KPN monthly").click()
    page.get_by_role("heading", name="KPN monthly").wait_for()
    look(page)


def test_what_nobody_knows_is_given_to_a_line(browser_page, sign_in, dana, usual, look, tmp_path):
    page = browser_page
    file = tmp_path / "strangers.csv"
    file.write_bytes(usual + f"0699999990;{when(days=1)};5,5;NL\n".encode())
    sign_in(page, dana)
    upload(page, file)
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_selector("#import-progress")
    work()
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_selector("#import-progress")
    work()
    page.goto("/t/contoso/unmatched/")
    look(page)
    page.get_by_role("checkbox").last.check()
    page.get_by_role("button", name="Assign to a line").click()
    page.get_by_label("Line", exact=True).fill("0612345670")
    look(page)
    page.get_by_role("button", name="Assign", exact=True).click()
    page.get_by_text("1 row was counted").wait_for()
    page.goto("/t/contoso/unmatched/?state=counted")
    look(page)
    assert page.get_by_role("link", name="+31612345670").count() == 1
