"""Settings > Org settings > User owned apps and services."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SwitchForm(forms.Form):
    """Clear the box and save to turn auto-claim off; nobody loses a licence."""

    on = forms.BooleanField(
        label=_("Let users auto-claim licenses the first time they sign in"), required=False
    )
