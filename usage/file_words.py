"""What is wrong with a usage file or a row of it, in the reader's language.

The reader of files knows no Django, and what it says is kept with the job that met it, so its
sentences are English. Here each is made known for retelling; a test holds this list against the
code.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from common.retelling import register_sentences

SENTENCES = (
    gettext_noop("The row is longer than %(count)s characters."),
    gettext_noop("A quoted value is not closed on this line."),
    gettext_noop("The row has %(count)s values, the header %(columns)s."),
    gettext_noop("The row names no line."),
    gettext_noop("This cannot be the name of a line."),
    gettext_noop("This is a formula of a spreadsheet; export the values instead."),
    gettext_noop("A spreadsheet has turned this number into an approximation; export it as text."),
    gettext_noop("The row has no volume."),
    gettext_noop("The value carries a unit of its own; the file is in %(unit)s."),
    gettext_noop("It cannot be told whether the mark divides thousands or decimals."),
    gettext_noop("This is not a volume; 12,5 or 1.234,5 would be."),
    gettext_noop("This is not a volume; 12.5 or 1,234.5 would be."),
    gettext_noop("A volume is zero or more; this is negative."),
    gettext_noop("This is more than a line can use; at most 1 PB a row can be counted."),
    gettext_noop("This is not a country; two letters are, as in NL (ISO 3166-1)."),
    gettext_noop("This says neither home nor roaming; yes, no, 1 or 0 would."),
    gettext_noop("The year is not between %(first)s and %(last)s."),
    gettext_noop("The clocks in %(zone)s skipped this time when summer time began."),
    gettext_noop("The row has no time."),
    gettext_noop("There is no such date."),
    gettext_noop("This looks like a time since 1970; 2024-12-31 23:59:59 is expected."),
    gettext_noop("This is not a time; 2024-12-31 23:59:59 would be."),
    gettext_noop("It cannot be told which is day and which is month; 2024-12-31 would be clear."),
    gettext_noop("No active line of this carrier has this number or reference."),
    gettext_noop("The line's SIM is in a personal device, whose usage is not collected."),
    gettext_noop("The time is more than 24 months ago or in the future."),
    gettext_noop("This is not a phone number; +31612345678 would be."),
    gettext_noop("This is not an %(name)s; one has %(low)s to %(high)s digits."),
    gettext_noop("The file is empty. It should have a header and a row per usage record."),
    gettext_noop("The file holds binary data: a zip archive. Unpack it first."),
    gettext_noop(
        "The file holds binary data: an old spreadsheet (xls) or one with a password. Save it as "
        ".xlsx without one."
    ),
    gettext_noop("A spreadsheet with macros (xlsm) is not opened. Save it as .xlsx."),
    gettext_noop("A spreadsheet with macros is not opened. Save it as .xlsx without them."),
    gettext_noop(
        "The file holds a spreadsheet or a zip archive, and its name does not end in .xlsx. Unpack "
        "it, or give it the name of what it is."
    ),
    gettext_noop(
        "The name ends in %(ending)s, but the file holds none. Name it .csv if it is text."
    ),
    gettext_noop("The spreadsheet has no sheet that can be seen."),
    gettext_noop("There is no sheet %(name)s. The file has: %(found)s."),
    gettext_noop("The first row of the sheet is empty; it should name the columns."),
    gettext_noop("Only a spreadsheet (xlsx) has sheets; this file is text."),
    gettext_noop("This is a zip archive, not a spreadsheet (xlsx). Unpack it first."),
    gettext_noop("The spreadsheet is packed so that it would burst; it is not opened."),
    gettext_noop(
        "The spreadsheet cannot be read; it is damaged. Save it anew, or export the sheet as CSV."
    ),
    gettext_noop("The file holds binary data: a PDF. Ask the carrier for the figures as CSV."),
    gettext_noop("The file holds binary data: a compressed file (gzip). Unpack it first."),
    gettext_noop("The file holds binary data. A CSV file in UTF-8 is expected."),
    gettext_noop("This is a web page; perhaps the carrier's sign-in page was saved."),
    gettext_noop("This is an XML file. Ask the carrier for CSV."),
    gettext_noop("The first line is longer than %(count)s characters; is this a CSV file?"),
    gettext_noop("The file has %(count)s columns; at most %(most)s can be read."),
    gettext_noop("There is no column %(name)s. The file has: %(found)s."),
    gettext_noop("The column %(name)s stands %(count)s times in the header."),
    gettext_noop("No row of the file can be read, so its times cannot be moved to now."),
    gettext_noop(
        "Lines can be added by phone number or by the carrier's reference, not by a SIM's number "
        "alone. Import without making lines."
    ),
    gettext_noop(
        "%(carrier)s has no default plan for new lines. Mark one of its plans as the default, or "
        "import without making lines."
    ),
    gettext_noop(
        "This file was imported with its times moved to now. Import it with --shift-to-now again; "
        "the same rows are recognised."
    ),
    gettext_noop(
        "This file was imported with its times as they are. Import it without --shift-to-now; the "
        "same rows are recognised."
    ),
    gettext_noop("The work stopped %(count)s times at the same place."),
)


register_sentences(SENTENCES)
