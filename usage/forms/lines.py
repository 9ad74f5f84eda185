"""What a person may say about a line.

People and devices are too many for a list to choose from, so they are named by text: an e-mail
or a name, an IMEI or a serial number. The text must fit exactly one.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.forms.numbers import IccidField, ImsiField, shortened
from devices.models import Device, DeviceSim, DeviceState
from tenants.models import Person
from usage.actions.line_links import current
from usage.actions.lines import LineTerms, NewLine
from usage.forms.fields import PhoneNumberField
from usage.models import Carrier, Line, LinePerson, LinePlan, LinePolicy, LineSim, Plan, Policy


class LineForm(NamesItsFields, forms.Form):
    """Adding and editing; the carrier is chosen once. `terms()` gives what was said."""

    carrier = forms.ModelChoiceField(
        label=_("Carrier"), queryset=None, empty_label=_("Choose a carrier")
    )
    msisdn = PhoneNumberField(
        label=_("Phone number"),
        required=False,
        help_text=_("International, as in +31612345678, or the carrier's national form."),
    )
    reference = forms.CharField(
        label=_("Carrier's reference"),
        max_length=64,
        required=False,
        help_text=_("How the carrier's files name the line, if not by its number."),
    )
    plan = forms.ModelChoiceField(
        label=_("Plan"), queryset=None, required=False, empty_label=_("No plan: nothing limits")
    )
    policy = forms.ModelChoiceField(
        label=_("Policy"),
        queryset=None,
        required=False,
        empty_label=_("The policy of the plan, else of the tenant"),
    )
    person = forms.CharField(
        label=_("Person"),
        max_length=254,
        required=False,
        help_text=_("E-mail address, or name if nobody else has it."),
    )
    device = forms.CharField(
        label=_("Device"),
        max_length=120,
        required=False,
        help_text=_("IMEI, serial number, or name if no other device has it."),
    )
    iccid = IccidField(label=_("ICCID"), required=False, help_text=_("Printed on the SIM."))
    imsi = ImsiField(label=_("IMSI"), required=False)
    cost_centre = forms.CharField(label=_("Cost centre"), max_length=60, required=False)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, line: Line | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.line = line
        for name in ("person", "device"):
            self.fields[name].widget.attrs.update(
                {"list": f"{name}-options", "autocomplete": "off", "spellcheck": "false"}
            )
        plans = Plan.objects.filter(retired_at=None).select_related("carrier")
        if line is None:
            carriers = Carrier.objects.filter(retired_at=None).order_by("name")
            self.fields["carrier"].queryset = carriers
            self.fields["plan"].empty_label = _("The default plan of the carrier")
            self.fields["plan"].label_from_instance = lambda plan: f"{plan.carrier}: {plan}"
        else:
            del self.fields["carrier"]
            self._read_numbers_as_in(line.carrier)
            kept = Q(line_links__line=line, line_links__unlinked_at=None)
            plans = Plan.objects.filter(Q(retired_at=None) | kept, carrier=line.carrier).distinct()
        self.fields["plan"].queryset = plans.order_by("carrier__name", "name", "pk")
        self.fields["policy"].queryset = Policy.objects.filter(retired_at=None).order_by("name")

    @staticmethod
    def of(line: Line) -> dict[str, Any]:
        """Initial values that show a line as it is."""
        sim = current(LineSim, "sim", line=line)
        seat = sim and DeviceSim.objects.open().filter(sim=sim).select_related("device").first()
        person = current(LinePerson, "person", line=line)
        return {
            "msisdn": line.msisdn,
            "reference": line.reference,
            "cost_centre": line.cost_centre,
            "note": line.note,
            "plan": current(LinePlan, "plan", line=line),
            "policy": current(LinePolicy, "policy", line=line),
            "person": (person.email or person.name) if person else "",
            "device": _named(seat.device) if seat else "",
            "iccid": sim.iccid if sim else "",
            "imsi": sim.imsi if sim else "",
        }

    def _read_numbers_as_in(self, carrier: Carrier) -> None:
        self.fields["msisdn"].country = carrier.country

    def clean_carrier(self) -> Carrier:
        """Runs before the number is read, because `carrier` is the first field."""
        self._read_numbers_as_in(self.cleaned_data["carrier"])
        return self.cleaned_data["carrier"]

    def clean_person(self) -> Person | None:
        return _the_one(
            self.cleaned_data["person"],
            Person.objects.filter(removed_at=None),
            ("email__iexact", "name__iexact"),
            none=_("Nobody here has the name or e-mail %(value)s."),
            many=_("Several people are called %(value)s; give the e-mail address."),
        )

    def clean_device(self) -> Device | None:
        return _the_one(
            self.cleaned_data["device"],
            Device.objects.exclude(state=DeviceState.RETIRED),
            ("imei", "serial", "name"),
            none=_("No device here has the IMEI, serial number or name %(value)s."),
            many=_("Several devices are called %(value)s; give the IMEI or serial number."),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        carrier = self.line.carrier if self.line else data.get("carrier")
        named = data.get("msisdn") or data.get("reference")
        if not named and not {"msisdn", "reference"} & self.errors.keys():
            self.add_error("msisdn", _("Give a phone number, a carrier's reference, or both."))
        plan = data.get("plan")
        if carrier and plan is None and self.line is None and "plan" not in self.errors:
            default = Plan.objects.filter(carrier=carrier, is_default=True, retired_at=None)
            data["plan"] = default.first()
        elif carrier and plan and plan.carrier_id != carrier.pk:
            self.add_error("plan", _("This plan is of another carrier."))
        return data

    @property
    def number_is_doubtful(self) -> bool:
        """Whether the number is possible, but no numbering plan we know has it."""
        return self.fields["msisdn"].doubtful

    def terms(self) -> LineTerms:
        """The valid form's content."""
        data = self.cleaned_data
        key = NewLine(**{name: data[name] for name in ("msisdn", "reference", "iccid", "imsi")})
        linked = ("plan", "policy", "person", "device", "cost_centre", "note")
        return LineTerms(key=key, **{name: data[name] for name in linked})


def _named(device: Device) -> str:
    return device.imei or device.serial or device.name


def _the_one(text: str, rows: Any, lookups: tuple[str, ...], *, none: Any, many: Any) -> Any:
    """The one row that a look-up finds by `text`, the first look-up that finds any deciding."""
    if not text:
        return None
    for lookup in lookups:
        found = list(rows.filter(**{lookup: text})[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise forms.ValidationError(many, params={"value": shortened(text)})
    raise forms.ValidationError(none, params={"value": shortened(text)})
