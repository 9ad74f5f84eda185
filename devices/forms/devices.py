"""What a person may say about a device, and the SIM to put in it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.actions.devices import DeviceTerms
from devices.forms.numbers import IccidField, ImeiField, ImsiField, shortened
from devices.models import Device, Platform, Sim


class DeviceForm(NamesItsFields, forms.Form):
    """Adding and editing; `terms()` gives what was said."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("As people call it, as in iPhone of Dana.")
    )
    platform = forms.ChoiceField(
        label=_("Platform"),
        choices=Platform.choices,
        help_text=_("Restrictions reach iOS, iPadOS and Samsung Knox; others are only listed."),
    )
    model = forms.CharField(label=_("Model"), max_length=80, required=False)
    os_version = forms.CharField(
        label=_("OS version"),
        max_length=20,
        required=False,
        validators=[RegexValidator(r"^\d+(\.\d+){0,3}$", _("Use digits and dots, as in 18.1."))],
    )
    serial = forms.CharField(label=_("Serial number"), max_length=40, required=False)
    imei = ImeiField(label=_("IMEI"), required=False)
    has_mobile_radio = forms.BooleanField(
        label=_("Has a mobile radio"),
        required=False,
        initial=True,
        help_text=_("Without one, as in a Wi-Fi tablet, there is nothing to block."),
    )

    @classmethod
    def of(cls, device: Device) -> dict[str, Any]:
        """The initial values that show a device as it is."""
        return {name: getattr(device, name) for name in cls.base_fields}

    def terms(self) -> DeviceTerms:
        """The valid form's content."""
        return DeviceTerms(**self.cleaned_data)


class SimForm(NamesItsFields, forms.Form):
    """A SIM of the tenant, named by one of its numbers, and the slot it goes in."""

    iccid = IccidField(label=_("ICCID"), required=False)
    imsi = ImsiField(label=_("IMSI"), required=False)
    slot = forms.TypedChoiceField(
        label=_("Slot"), choices=[(1, _("Slot 1")), (2, _("Slot 2"))], coerce=int, initial=1
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        asked = {name: data[name] for name in ("iccid", "imsi") if data.get(name)}
        if not asked:
            raise forms.ValidationError(_("Give the ICCID or the IMSI of a SIM."))
        data["sim"] = Sim.objects.filter(**asked).first()
        if data["sim"] is None:
            name, value = next(iter(asked.items()))
            self.add_error(
                name,
                forms.ValidationError(
                    _(
                        "No SIM here has the number %(value)s. A SIM becomes known when a line "
                        "with it is added."
                    ),
                    params={"value": shortened(value)},
                ),
            )
        return data
