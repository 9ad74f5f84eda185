"""The portal's switch of a connector."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SwitchForm(forms.Form):
    """Enable or disable; the label is that of the management centre it replaces."""

    enabled = forms.TypedChoiceField(
        label=_(
            "Enable TEM and block cellular or roaming data on devices that exceed usage quotas "
            "you configure"
        ),
        choices=[("1", _("Enable")), ("0", _("Disable"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
