"""What a seat of a product costs."""

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields


class PriceForm(NamesItsFields, forms.Form):
    """Graph has no prices, so a person enters them."""

    amount = forms.DecimalField(
        label=_("Price per seat and month"),
        min_value=0,
        max_digits=12,
        decimal_places=4,
        required=False,
        localize=True,
        help_text=_("In the tenant's currency. Empty: not known."),
    )
