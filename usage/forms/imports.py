"""What a person says about a file: first whose it is, then what its columns are.

The second form is filled in by guesses (usage.column_guesses), and tries what was answered on the
first thousand rows, so that a wrong column is an error beside the column, with the value that
shows it, and not a job that fails.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.forms import NamesItsFields
from common.retelling import retold
from common.units import BYTES_PER_UNIT
from usage.actions.import_rows import CannotImport, Options
from usage.actions.imports import plan_of_new_lines
from usage.carrier_files import BadFile, Rejected, RowReader
from usage.column_guesses import Guess, is_surely_phone, looks_like_date, share
from usage.dialects import BLOCK, Head, Layout, read_head, shortened
from usage.forms.fields import time_zones
from usage.models import Carrier
from usage.queries.import_pages import AS_FOUND
from usage.queries.line_keys import BadKey, normal_key
from usage.spreadsheets import check_name, is_zipped, sheet_head

KEYS = [
    ("msisdn", gettext_lazy("Phone number")),
    ("iccid", gettext_lazy("SIM number (ICCID)")),
    ("imsi", gettext_lazy("IMSI")),
    ("reference", gettext_lazy("Carrier's reference")),
]
UNITS = [(unit, unit) for unit in BYTES_PER_UNIT]
UNCLEAR = "It cannot be told"
"""How the reader's sentences begin where the file does not show a form."""


class UploadForm(NamesItsFields, forms.Form):
    """A file, and whose it is."""

    carrier = forms.ModelChoiceField(
        label=gettext_lazy("Carrier"), queryset=None, empty_label=gettext_lazy("Choose a carrier")
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,text/csv,text/plain"}),
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        carriers = Carrier.objects.filter(retired_at=None).order_by("name")
        self.fields["carrier"].queryset = carriers
        sizes = {"size": settings.UPLOAD_MAX_MB}
        self.fields["file"].help_text = (
            _(
                "A text file (CSV) or a spreadsheet (XLSX) with a header and a row per use, at "
                "most %(size)s MB."
            )
            % sizes
        )
        self.fields["file"].error_messages["empty"] = _("The file is empty.")
        if too_large:
            self.fields["file"].error_messages["required"] = (
                _("The file is larger than %(size)s MB. Split it, or use the command.") % sizes
            )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        try:
            head = _head_of(file)
        except BadFile as bad:
            raise forms.ValidationError(retold(str(bad))) from bad
        finally:
            file.seek(0)
        if len(head.header) < 3:
            raise forms.ValidationError(
                _("The first line has %(count)s columns; a line, a volume and a time are needed.")
                % {"count": len(head.header)}
            )
        if not head.rows:
            raise forms.ValidationError(_("The file has a header and no rows."))
        if sum(looks_like_date(name) or name[:1].isdigit() for name in head.header) > 1:
            raise forms.ValidationError(
                _("The first line holds figures (%(shown)s); it should name the columns.")
                % {"shown": ", ".join(shortened(name) for name in head.header[:4])}
            )
        return file


def _head_of(file: UploadedFile) -> Head:
    beginning = file.read(BLOCK)
    file.seek(0)
    check_name(file.name, beginning)
    if is_zipped(beginning):
        return sheet_head(file)
    return read_head(beginning, is_cut=file.size > BLOCK)


class BeginForm(forms.Form):
    """The start, and the word that it is meant in spite of warnings."""

    confirmed = forms.BooleanField(
        label=gettext_lazy("I have looked at the warnings, and the file is right"), required=False
    )


class ColumnsForm(NamesItsFields, forms.Form):
    """What the columns are; `options()` gives what was said."""

    line_column = forms.ChoiceField(label=gettext_lazy("Column of the line"))
    line_key = forms.ChoiceField(label=gettext_lazy("It holds the"), choices=KEYS)
    volume_column = forms.ChoiceField(label=gettext_lazy("Column of the volume"))
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit of the volume"),
        choices=[("", gettext_lazy("Choose the unit")), *UNITS],
    )
    time_column = forms.ChoiceField(label=gettext_lazy("Column of the time"))
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone of the file"),
        choices=time_zones,
        help_text=gettext_lazy("For times that do not name an offset from UTC."),
    )
    number_form = forms.ChoiceField(label=gettext_lazy("Numbers are written"))
    date_form = forms.ChoiceField(label=gettext_lazy("Dates are written"))
    country_column = forms.ChoiceField(label=gettext_lazy("Column of the country"), required=False)
    roaming_column = forms.ChoiceField(label=gettext_lazy("Column of roaming"), required=False)
    create_lines = forms.BooleanField(
        label=gettext_lazy("Add unknown lines"),
        required=False,
        help_text=gettext_lazy("A line that the carrier does not have yet is added as it comes."),
    )
    shift_to_now = forms.BooleanField(
        label=gettext_lazy("Move all times, so that the newest row is now"), required=False
    )

    keep_as = forms.CharField(
        label=gettext_lazy("Keep these answers as"),
        max_length=80,
        required=False,
        help_text=gettext_lazy(
            "A name, if you like: files of this carrier with the same header then begin with them."
        ),
    )

    def __init__(
        self, *args: Any, head: Head, guess: Guess, carrier: Carrier, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.head, self.carrier = head, carrier
        names = [name for name in head.header if name and head.header.count(name) == 1]
        columns = [(name, shortened(name)) for name in names]
        for role in ("line", "volume", "time"):
            self.fields[f"{role}_column"].choices = [("", _("Choose a column")), *columns]
        for role in ("country", "roaming"):
            self.fields[f"{role}_column"].choices = [("", _("None")), *columns]
        self._offer_forms(guess)
        if guess.unit:
            self.fields["unit"].help_text = _("The header says it: “%(header)s”. Is that so?") % {
                "header": guess.columns["volume"]
            }
        else:
            self.fields["unit"].help_text = _("The header does not say it, so please do.")
        if not settings.SANDBOX:
            del self.fields["shift_to_now"]

    def _offer_forms(self, guess: Guess) -> None:
        volume, time = guess.columns["volume"], guess.columns["time"]
        shown = Layout(volume or "", volume or "", "B", time or "", ZoneInfo("UTC"))
        dialect = self.head.dialect(shown) if volume and time else None
        comma = dialect.decimal_comma if dialect else None
        first = dialect.day_first if dialect else None
        points, commas = _("with a decimal point (1,234.5)"), _("with a decimal comma (1.234,5)")
        days, months = _("day first (31/12/2026)"), _("month first (12/31/2026)")
        as_found = {True: commas, False: points, None: _("without decimals, or plainly (1234.5)")}
        self.fields["number_form"].choices = [
            (AS_FOUND, _("As found: %s") % as_found[comma]),
            ("point", points.capitalize()),
            ("comma", commas.capitalize()),
        ]
        found = {True: days, False: months, None: _("year first, or as can be told")}
        self.fields["date_form"].choices = [
            (AS_FOUND, _("As found: %s") % found[first]),
            ("day", days.capitalize()),
            ("month", months.capitalize()),
        ]

    def options(self) -> Options:
        """What was said, for an import or its check."""
        said = self.cleaned_data
        return Options(
            layout=self._layout(),
            line_key=said["line_key"],
            create_lines=said.get("create_lines", False),
            shift_to_now=said.get("shift_to_now", False),
            sheet=self.head.sheet,
        )

    def _layout(self) -> Layout:
        said = self.cleaned_data
        return Layout(
            line_column=said["line_column"],
            volume_column=said["volume_column"],
            unit=said["unit"],
            time_column=said["time_column"],
            zone=ZoneInfo(said["zone"]),
            country_column=said["country_column"] or None,
            roaming_column=said["roaming_column"] or None,
            decimal_comma={"comma": True, "point": False}.get(said["number_form"]),
            day_first={"day": True, "month": False}.get(said["date_form"]),
        )

    # --- trying the answers on the first rows ---------------------------------------------------

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.errors:
            return said
        self._check_each_column_serves_once()
        self._check_looks()
        if said.get("create_lines"):
            try:
                plan_of_new_lines(self.carrier, self.options())
            except CannotImport as cannot:
                self.add_error("create_lines", str(cannot))
        if not self.errors:
            self._try_rows()
        return said

    def _check_each_column_serves_once(self) -> None:
        seen: dict[str, str] = {}
        for name in [name for name in self.fields if name.endswith("_column")]:
            column = self.cleaned_data.get(name)
            if column and column in seen:
                self.add_error(
                    name, _("“%(column)s” is chosen twice.") % {"column": shortened(column)}
                )
            elif column:
                seen[column] = name

    def _check_looks(self) -> None:
        column = self.cleaned_data["volume_column"]
        values = [value for value in self.head.column(column) if value]
        for looks, sentence in (
            (looks_like_date, _("These look like dates, not volumes: %s.")),
            (is_surely_phone, _("These look like phone numbers, not volumes: %s.")),
        ):
            if share(values, looks) > 0.9:
                self.add_error("volume_column", sentence % shortened(values[0]))

    def _try_rows(self) -> None:
        layout = self._layout()
        try:
            reader = RowReader(layout, self.head.dialect(layout), home=self.carrier.country)
        except BadFile as bad:
            self.add_error(None, retold(str(bad)))
            return
        samples, rejected = reader.read(list(self.head.lines))
        for column, count in Counter(row.column for row in rejected).items():
            if count * 2 > len(self.head.lines):
                first = next(row for row in rejected if row.column == column)
                self.add_error(self._field_of(column, first), _in_words(first, count, self.head))
        self._try_keys([sample.line for sample in samples])

    def _field_of(self, column: str, first: Rejected) -> str | None:
        fields = [name for name in self.fields if name.endswith("_column")]
        field = next((name for name in fields if self.cleaned_data[name] == column), None)
        if first.sentence.startswith(UNCLEAR):
            return "number_form" if field == "volume_column" else "date_form"
        return field

    def _try_keys(self, lines: list[str]) -> None:
        bad: list[tuple[str, BadKey]] = []
        for line in lines:
            try:
                normal_key(line, kind=self.cleaned_data["line_key"], country=self.carrier.country)
            except BadKey as error:
                bad.append((line, error))
        if bad and len(bad) * 2 > len(lines):
            line, error = bad[0]
            self.add_error("line_key", f"{shortened(line)}: {error}")


def _in_words(first: Rejected, count: int, head: Head) -> str:
    return _("%(percent)s%% of the first rows cannot be read; row %(row)s “%(value)s”: %(why)s") % {
        "percent": count * 100 // len(head.lines),
        "row": first.row,
        "value": first.value,
        "why": retold(first.sentence),
    }
