"""What a person may say about a zone: its kind, cap, price, and countries with their days."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.forms.numbers import shortened
from usage.actions.zones import CountryTerms, ZoneTerms
from usage.countries import COUNTRIES, ROAM_LIKE_AT_HOME
from usage.forms.fields import UNITS, AmountField, amount_and_unit, in_bytes

ROAMING, EXTENDED, REST = "roaming", "extended", "rest"
KINDS = [
    (ROAMING, _("Roaming zone")),
    (EXTENDED, _("Extended domestic zone: counts as domestic, with a cap of its own besides")),
    (REST, _("Rest of the world: every country in no other zone")),
]
MOST = 500


class ZoneForm(NamesItsFields, forms.Form):
    """Adding and editing; `terms()` gives what was said."""

    name = forms.CharField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=KINDS, widget=forms.RadioSelect, initial=ROAMING
    )
    cap = AmountField(
        label=_("Data cap"),
        required=False,
        help_text=_("Empty: no limit. 0: no package, every megabyte is paid for."),
    )
    cap_unit = forms.ChoiceField(label=_("Unit of the cap"), choices=UNITS)
    price = AmountField(
        label=_("Price per MB over the cap"),
        required=False,
        help_text=_("In the tenant's currency. Empty: not known."),
    )
    countries = forms.CharField(
        label=_("Countries"),
        required=False,
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "class": "mono"}),
        help_text=_(
            "One on each line: two letters, then, where it does not always belong to the zone, its "
            "first day and its last day, as in UA 2026-01-01 or XK - 2025-12-31."
        ),
    )

    @staticmethod
    def sample(home: str) -> dict[str, Any]:
        """Roam-like-at-home, as Regulation (EU) 2022/612 draws it, without the home country."""
        countries = [
            CountryTerms(code, first_day) for code, first_day in ROAM_LIKE_AT_HOME if code != home
        ]
        return {
            "name": _("EU roam-like-at-home"),
            "kind": ROAMING,
            "cap_unit": "GB",
            "countries": _lines(sorted(countries, key=lambda said: said.country)),
        }

    @staticmethod
    def of(terms: ZoneTerms) -> dict[str, Any]:
        """Initial values that show a zone as it is."""
        amount, unit = amount_and_unit(terms.cap)
        kind = (
            EXTENDED if terms.is_extended_domestic else REST if terms.is_rest_of_world else ROAMING
        )
        return {
            "name": terms.name,
            "kind": EXTENDED if terms.is_extended_domestic else kind,
            "cap": amount,
            "cap_unit": unit,
            "price": terms.price,
            "countries": _lines(terms.countries),
        }

    def clean_price(self) -> Any:
        price = self.cleaned_data["price"]
        if price is not None and price != round(price, 4):
            raise forms.ValidationError(_("Use at most four decimals."))
        if price is not None and price >= 10**8:
            raise forms.ValidationError(_("No carrier asks that much for a megabyte."))
        return price

    def clean_countries(self) -> tuple[CountryTerms, ...]:
        rows = self.cleaned_data["countries"].splitlines()
        said = [(number, row.split()) for number, row in enumerate(rows, start=1) if row.strip()]
        if len(said) > MOST:
            raise forms.ValidationError(_("At most %(most)s countries."), params={"most": MOST})
        return tuple(_country(number, words) for number, words in said)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("cap") is not None and "cap_unit" in data:
            try:
                data["cap_bytes"] = in_bytes(data["cap"], data["cap_unit"])
            except forms.ValidationError as error:
                self.add_error("cap", error)
        rest = data.get("kind") == REST
        if rest and data.get("countries"):
            self.add_error("countries", _("The rest of the world has no countries of its own."))
        if data.get("kind") in {ROAMING, EXTENDED} and data.get("countries") == ():
            self.add_error("countries", _("Name the countries of the zone."))
        return data

    def terms(self) -> ZoneTerms:
        """The valid form's content."""
        data = self.cleaned_data
        return ZoneTerms(
            name=data["name"],
            cap=data.get("cap_bytes"),
            price=data["price"],
            is_extended_domestic=data["kind"] == EXTENDED,
            is_rest_of_world=data["kind"] == REST,
            countries=data["countries"],
        )


def _lines(countries: Any) -> str:
    return "\n".join(
        " ".join(
            [
                said.country,
                *([str(said.valid_from or "-")] if said.valid_from or said.valid_to else []),
                *([str(said.valid_to)] if said.valid_to else []),
            ]
        )
        for said in countries
    )


def _country(number: int, words: list[str]) -> CountryTerms:
    code, days = words[0].upper(), words[1:]
    if code not in COUNTRIES:
        raise forms.ValidationError(
            _("Row %(row)s: %(value)s is no country with a mobile network. Use its two letters."),
            params={"row": number, "value": shortened(words[0])},
        )
    if len(days) > 2:
        raise forms.ValidationError(
            _("Row %(row)s: write the country, its first day and its last day."),
            params={"row": number},
        )
    first, last = ([_day(number, word) for word in days] + [None, None])[:2]
    if first and last and last < first:
        raise forms.ValidationError(
            _("Row %(row)s: the last day is before the first."), params={"row": number}
        )
    return CountryTerms(code, first, last)


def _day(number: int, word: str) -> date | None:
    if word in {"-", "–"}:
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise forms.ValidationError(
            _("Row %(row)s: %(value)s is not a day. Write it as in 2026-01-31."),
            params={"row": number, "value": shortened(word)},
        ) from None
