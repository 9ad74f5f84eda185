"""What a person may say about a group of devices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.actions.groups import GroupTerms
from devices.models import Group


class GroupForm(NamesItsFields, forms.Form):
    """An assigned group; `terms()` gives what was said."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("Description"), max_length=500, required=False)

    @classmethod
    def of(cls, group: Group) -> dict[str, Any]:
        """Initial values that show a group as it is."""
        return {name: getattr(group, name) for name in ("name", "description", "rule")}

    def terms(self) -> GroupTerms:
        """The valid form's content."""
        said = self.cleaned_data
        return GroupTerms(said["name"], said["description"], said.get("rule", ""))


class DynamicGroupForm(GroupForm):
    """A dynamic group. The device is only for trying the rule and is not kept."""

    rule = forms.CharField(
        label=_("Rule"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "mono"}),
        help_text=_(
            'For instance: device.deviceOSType -eq "iPad" -and device.deviceCategory -eq "Kiosk". '
            "Text is compared without regard to capitals."
        ),
    )
    device = forms.CharField(
        label=_("Try the rule on"),
        max_length=120,
        required=False,
        help_text=_("Part of a device's name, or the start of its serial number or IMEI."),
    )

    def live(self, url: str) -> None:
        """Let the two fields of the check ask `url` while somebody types."""
        for name in ("rule", "device"):
            self.fields[name].widget.attrs.update(
                {
                    "hx-post": url,
                    "hx-trigger": "input changed delay:400ms",
                    "hx-target": "#rule-check",
                    "hx-swap": "outerHTML",
                    "hx-sync": "closest form:replace",
                }
            )
