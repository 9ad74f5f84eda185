"""From a file to counted usage, page by page, without JavaScript."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common.tenancy import tenant_scope
from jobs.models import Job, StoredFile, StoredPart
from tests.conftest import client_of
from tests.imports.conftest import HEADER, when, work
from tests.usage_factories import CarrierFactory, make_import
from usage.models import Line, UsageCounter, UsageImport, UsageRecord

pytestmark = pytest.mark.django_db


def test_a_usual_file_is_understood_checked_and_imported(dana_at_imports, usual, contoso):
    page = dana_at_imports.uploaded(usual)
    guesses = dana_at_imports.guesses(page)
    assert guesses["line_column"] == "Telefoonnummer"
    assert (guesses["line_key"], guesses["unit"]) == ("msisdn", "MB")
    assert (guesses["volume_column"], guesses["time_column"]) == ("Verbruik (MB)", "Starttijd")
    assert (guesses["country_column"], guesses["zone"]) == ("Land", "Europe/Amsterdam")

    dana_at_imports.choose(page)
    assert b"Waiting for a worker" in dana_at_imports.client.get(page).content
    work()
    assert dana_at_imports.warnings(page) == set()
    assert dana_at_imports.counts(page)["accepted"] == 120
    with tenant_scope(contoso.pk):
        assert not UsageRecord.objects.exists()

    assert dana_at_imports.start(page).headers["Location"] == page
    work()
    assert dana_at_imports.counts(page) == {
        "rows": 120, "accepted": 120, "duplicate": 0, "rejected": 0, "unmatched": 0,
        "lines_created": 0, "volume": 12_240_000_000,
    }  # fmt: skip
    with tenant_scope(contoso.pk):
        assert sum(UsageCounter.objects.values_list("volume", flat=True)) == 12_240_000_000
        assert set(UsageCounter.objects.values_list("country", flat=True)) == {"NL", "BE"}


def test_the_history_says_who_imported_what_and_what_came_of_it(dana_at_imports, usual):
    page = dana_at_imports.checked(usual)
    dana_at_imports.start(page)
    work()
    text = dana_at_imports.client.get("/t/contoso/imports/").content.decode()
    for words in ("usage.csv", "KPN", "Done", "120", "Dana"):
        assert words in text


def test_the_same_file_again_is_recognised_and_counts_nothing_twice(dana_at_imports, usual):
    for accepted, duplicate in ((120, 0), (0, 120)):
        page = dana_at_imports.checked(usual)
        dana_at_imports.start(page)
        work()
        counts = dana_at_imports.counts(page)
        assert (counts["accepted"], counts["duplicate"]) == (accepted, duplicate)
    assert "imported_before" in dana_at_imports.warnings(dana_at_imports.checked(usual))


def test_the_columns_said_last_time_are_offered_again_when_they_fit(dana_at_imports, usual):
    page = dana_at_imports.checked(usual, unit="MiB", number_form="comma")
    dana_at_imports.start(page, confirmed="on")
    work()
    guesses = dana_at_imports.guesses(dana_at_imports.uploaded(usual + b"x"))
    assert (guesses["unit"], guesses["number_form"]) == ("MiB", "comma")


def test_unknown_lines_are_added_when_asked_for(dana_at_imports, kpn, contoso):
    content = f"{HEADER}\n0687654321;{when()};100,5;NL\n".encode()
    page = dana_at_imports.checked(content, create_lines="on")
    assert dana_at_imports.counts(page)["lines_created"] == 1
    with tenant_scope(contoso.pk):
        assert not Line.objects.exists()
    dana_at_imports.start(page, confirmed="on")
    work()
    with tenant_scope(contoso.pk):
        assert Line.objects.get().msisdn == "+31687654321"


def test_rows_not_taken_come_as_a_file_without_formulas(dana_at_imports, usual):
    odd = usual + b"=cmd|' /C calc'!A0;" + when().encode() + b";1,5;NL\n"
    odd += b"0612345670;31-02-2026;1,5;NL\n0699999999;" + when().encode() + b";1,5;NL\n"
    page = dana_at_imports.checked(odd)
    dana_at_imports.start(page, confirmed="on")
    work()
    assert dana_at_imports.counts(page)["rejected"] == 2
    response = dana_at_imports.client.get(f"{page}rows-not-taken/")
    assert response.headers["Content-Disposition"] == 'attachment; filename="usage-not-taken.csv"'
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0] == ["row", "column", "value", "reason"]
    assert [row[0] for row in rows[1:]] == ["122", "123", "124"]
    assert rows[1][2].startswith("'=cmd")
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_pressing_start_twice_imports_once(dana_at_imports, usual, contoso):
    page = dana_at_imports.checked(usual)
    assert dana_at_imports.start(page).status_code == 302
    assert dana_at_imports.start(page).status_code == 302
    with tenant_scope(contoso.pk):
        assert Job.objects.filter(kind="usage.import").count() == 1


def test_the_same_content_under_way_leads_to_its_page(dana_at_imports, usual, contoso):
    first, second = dana_at_imports.checked(usual), dana_at_imports.checked(usual)
    dana_at_imports.start(first)
    assert dana_at_imports.start(second).headers["Location"] == first
    again = dana_at_imports.upload(usual, "renamed.csv")
    assert again.headers["Location"] == first
    with tenant_scope(contoso.pk):
        assert UsageImport.objects.count() == StoredFile.objects.count() == 2


def test_once_started_the_back_button_changes_nothing(dana_at_imports, usual, the_import):
    page = dana_at_imports.checked(usual)
    said = dana_at_imports.guesses(page)
    dana_at_imports.start(page)
    response = dana_at_imports.client.post(f"{page}columns/", said | {"unit": "GB"})
    assert response.headers["Location"] == page
    assert the_import().options["unit"] == "MB"


def test_other_columns_are_checked_afresh(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual)
    dana_at_imports.choose(page, unit="GB")
    dana_at_imports.choose(page, unit="MB")
    work()
    assert dana_at_imports.warnings(page) == set()


def test_an_import_that_was_not_checked_does_not_start(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual)
    response = dana_at_imports.start(page)
    assert response.status_code == 422
    assert "has to be checked" in response.content.decode()


def test_what_is_stopped_says_so_and_counts_no_more(dana_at_imports, usual, contoso):
    page = dana_at_imports.checked(usual)
    dana_at_imports.start(page)
    dana_at_imports.client.post(f"{page}cancel/")
    work()
    assert "Stopped." in dana_at_imports.client.get(page).content.decode()
    with tenant_scope(contoso.pk):
        assert not UsageRecord.objects.exists()


def test_a_large_upload_is_refused_with_a_sentence_and_not_kept(
    dana_at_imports, usual, settings, contoso
):
    settings.UPLOAD_MAX_MB = 1
    response = dana_at_imports.upload(usual + b"x" * 3_000_000)
    assert response.status_code == 422
    assert "larger than 1 MB" in response.content.decode()
    with tenant_scope(contoso.pk):
        assert not StoredPart.objects.exists()


def test_a_file_above_the_memory_limit_comes_whole(dana_at_imports, usual, the_import):
    padded = usual + b"\n" * 3_000_000
    dana_at_imports.uploaded(padded)
    assert the_import().file.size == len(padded)


def test_an_upload_without_file_or_carrier_names_both(dana_at_imports):
    response = dana_at_imports.client.post("/t/contoso/imports/add/", {})
    assert response.status_code == 422
    assert "Carrier is missing." in response.content.decode()
    assert "File is missing." in response.content.decode()


def test_another_tenants_carrier_cannot_be_chosen(dana_at_imports, fabrikam, usual):
    theirs = CarrierFactory(tenant=fabrikam)
    file = SimpleUploadedFile("usage.csv", usual)
    response = dana_at_imports.client.post(
        "/t/contoso/imports/add/", {"carrier": theirs.pk, "file": file}
    )
    assert response.status_code == 422


def test_another_tenants_file_does_not_exist(dana_at_imports, usual, charlie):
    page = dana_at_imports.checked(usual + b"odd;row\n")
    dana_at_imports.start(page, confirmed="on")
    work()
    theirs = page.replace("contoso", "fabrikam")
    for address in ("", "columns/", "rows-not-taken/"):
        assert client_of(charlie).get(theirs + address).status_code == 404


def test_the_helpdesk_sees_imports_and_starts_none(dana_at_imports, usual, bob):
    page = dana_at_imports.checked(usual)
    helpdesk = client_of(bob)
    assert "Start the import" not in helpdesk.get(page).content.decode()
    assert helpdesk.post(f"{page}start/").status_code == 403
    assert helpdesk.get("/t/contoso/imports/add/").status_code == 403


def test_progress_is_asked_for_until_the_job_ends(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual)
    dana_at_imports.choose(page)
    asked = {"HX-Request": "true", "HX-Target": "import-progress"}
    running = dana_at_imports.client.get(page, headers=asked)
    assert 'hx-trigger="every 1s"' in running.content.decode()
    assert "<html" not in running.content.decode()
    work()
    assert dana_at_imports.client.get(page, headers=asked).headers["HX-Refresh"] == "true"


def test_nothing_is_taken_from_a_stranger(kpn, usual, monkeypatch):
    taken = []
    monkeypatch.setattr(
        MemoryFileUploadHandler,
        "receive_data_chunk",
        lambda handler, raw_data, start: taken.append(raw_data),
    )
    data = {"carrier": kpn.pk, "file": SimpleUploadedFile("usage.csv", usual)}
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post("/t/contoso/imports/add/", data).status_code in {302, 403}
    assert taken == []


def test_the_history_takes_as_many_queries_for_thirty_imports_as_for_three(
    dana_at_imports, contoso, kpn
):
    counts = []
    for more in (3, 27):
        for number in range(more):
            make_import(contoso, carrier=kpn, content=f"a,b,c\n{more},{number},1\n".encode())
        dana_at_imports.client.get("/t/contoso/imports/")
        with CaptureQueriesContext(connection) as queries:
            dana_at_imports.client.get("/t/contoso/imports/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
