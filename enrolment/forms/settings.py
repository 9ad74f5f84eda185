"""What a tenant says about enrolment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from enrolment.models import EnrolmentSettings
from enrolment.sms import senders


def sender_choices() -> list[tuple[str, Any]]:
    return [("", _("Not at all")), *((sender.name, sender.label) for sender in senders())]


class SettingsForm(NamesItsFields, forms.ModelForm):
    """Every setting of the tenant; the action keeps them."""

    sms_by = forms.ChoiceField(
        label=EnrolmentSettings._meta.get_field("sms_by").verbose_name,
        choices=sender_choices,
        required=False,
    )

    class Meta:
        model = EnrolmentSettings
        fields = (
            "is_open",
            "by_work_account",
            "by_phone",
            "sms_by",
            "adds_lines",
            "asks_category",
            "notice",
            "silent_days",
        )
        help_texts = {
            "by_work_account": _(
                "Wants the consent of the TEM app, which a connector's page gives."
            ),
            "adds_lines": _(
                "Else only numbers of lines that are here get a code. The carrier is told by the "
                "number; the line gets that carrier's default plan, and with it its policy."
            ),
            "asks_category": _("Else a phone stays in the category it is in."),
            "notice": _(
                "Shown to everybody before Finish, for instance what is collected and why."
            ),
        }
        widgets = {"notice": forms.Textarea(attrs={"rows": 4})}
