"""What a file shows by itself: truth tables of headers in three languages, and of values."""

from __future__ import annotations

import pytest

from usage.column_guesses import guess, line_key_of, looks_like_date, unit_in
from usage.dialects import BadFile, read_head

HEADERS = {
    "en": ("MSISDN,Start time,Data volume (KB),Visited country,Roaming",
           "+31612345678,2026-10-31 10:00:00,1234,NL,no", "msisdn", "kB", (0, 2, 1, 3, 4)),
    "en with prices": ("Invoice date,Phone number,Plan,Usage MB,Cost,Event date,Country",
                       "2026-11-01,0612345678,Gold,12.5,1.25,2026-10-31 10:00:00,NL",
                       "msisdn", "MB", (1, 3, 5, 6, None)),
    "en by sim": ("sim_iccid\tvolume_bytes\tbegin", "8931440000000000001\t1234\t2026-10-31",
                  "iccid", "B", (0, 1, 2, None, None)),
    "en by imsi": ("IMSI|Timestamp|Traffic (GB)", "204080000000001|2026-10-31 10:00|0.5",
                   "imsi", "GB", (0, 2, 1, None, None)),
    "nl": ("Telefoonnummer;Datum en tijd;Verbruik (MB);Land;Roaming",
           "0612345678;31-12-2026 10:00;12,5;NL;nee", "msisdn", "MB", (0, 2, 1, 3, 4)),
    "nl terse": ("Nummer;Datum;Volume", "0612345678;20261031;100", "msisdn", None,
                 (0, 2, 1, None, None)),
    "nl with a contract": ("Aansluiting;Bundel;Starttijd;Duur;Dataverbruik in kB;Bezocht land",
                           "AA-1001;Zakelijk;31-10-2026 10:00:00;00:12:00;1200;BE",
                           "reference", "kB", (0, 4, 2, 5, None)),
    "fr": ("Numéro de ligne;Date et heure;Consommation (Mo);Pays;Itinérance",
           "0612345678;31/12/2026 10:00;12,5;FR;non", "msisdn", "MB", (0, 2, 1, 3, 4)),
    "fr with octets": ("Numéro appelant;Horodatage;Volume de données (octets);Pays visité;Coût",
                       "+33612345678;2026-10-31 10:00:00;123456;BE;1,25", "msisdn", "B",
                       (0, 2, 1, 3, None)),
    "nothing to go by": ("a,b,c", "1,2,3", None, None, (None,) * 5),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_columns_are_known_by_their_names_and_values(name):
    header, row, line_key, unit, places = HEADERS[name]
    head = read_head(f"{header}\n{row}\n".encode(), is_cut=False)
    found = guess(head)
    names = [None if place is None else head.header[place] for place in places]
    roles = ("line", "volume", "time", "country", "roaming")
    assert found.columns == dict(zip(roles, names, strict=True))
    assert (found.line_key, found.unit) == (line_key, unit)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Volume (KB)", "kB"), ("Data_MB", "MB"), ("dataMB", "MB"), ("MB", "MB"), ("mb", "MB"),
        ("Verbruik in MiB", "MiB"), ("GiB", "GiB"), ("Volume Go", "GB"), ("Conso (ko)", "kB"),
        ("Mégaoctets", "MB"), ("Total octets", "B"), ("bytes", "B"), ("kilobytes used", "kB"),
        ("Volume", None), ("Data", None), ("Usage to date", None), ("Telefoon", None),
        ("combo", None), ("Data gebruikt", None), ("", None),
    ],
)  # fmt: skip
def test_a_unit_is_read_from_the_header_and_never_guessed(name, unit):
    assert unit_in(name) == unit


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("number", "+31612345678", "msisdn"), ("nr", "0612345678", "msisdn"),
        ("sim", "8931440000000000001", "iccid"), ("IMSI", "204080000000001", "imsi"),
        ("contract", "AA-1001", "reference"), ("day", "20261031", "reference"),
    ],
)  # fmt: skip
def test_the_kind_of_line_key_is_seen_in_its_values(name, value, kind):
    assert line_key_of(name, [value]) == kind


@pytest.mark.parametrize(
    ("value", "is_date"),
    [
        ("2026-10-31", True), ("31/12/2026 10:00", True), ("20261031", True),
        ("20261031101500", True), ("2026-10-31T10:00:00Z", True), ("1234.5", False),
        ("0612345678", False), ("99999999", False), ("12,5", False), ("", False),
    ],
)  # fmt: skip
def test_dates_are_told_from_volumes(value, is_date):
    assert looks_like_date(value) is is_date


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "zip archive"), (b"%PDF-1.7 x", "PDF"), (b"\x1f\x8b\x08x", "gzip"),
        (b"<!DOCTYPE html><html>", "web page"), (b"\n<html>", "web page"),
        (b"<?xml version='1.0'?>", "XML"), (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "binary"),
        (b"", "empty"), (b"\xef\xbb\xbf", "empty"),
    ],
)  # fmt: skip
def test_what_is_no_csv_is_refused_by_what_it_is(content, words):
    with pytest.raises(BadFile, match=words):
        read_head(content, is_cut=False)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [("a;b;c\n1,5;2,5;3,5\n", ";"), ("a,b,c\n1,2,3\n", ","), ("a\tb\n1,5\t2\n", "\t"),
     ("Volume, MB;Date, time;Line\n1,5;2026-01-01;x\n", ";"), ("a|b\n1|2\n", "|")],
)  # fmt: skip
def test_the_delimiter_is_the_one_that_the_rows_follow(text, delimiter):
    assert read_head(text.encode(), is_cut=False).delimiter == delimiter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_headers_come_whole_in_every_encoding(encoding):
    head = read_head("Numéro;Coût\né;1\n".encode(encoding), is_cut=False)
    assert head.header == ("Numéro", "Coût")
    assert head.rows == (("é", "1"),)
