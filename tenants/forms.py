"""Forms of the tenants' own pages. They validate; `tenants.actions` writes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class TenantForm(forms.ModelForm):
    """A new tenant and the address of its first global administrator."""

    admin_email = forms.EmailField(
        label=_("E-mail of the first global administrator"),
        max_length=254,
        help_text=_("They choose a password with “Forgot your password?” on the sign-in page."),
    )

    class Meta:
        model = Tenant
        fields = ("slug", "name", "time_zone", "currency", "home_country", "cloud")
        help_texts = {
            "slug": _("Stands in every address of the tenant and cannot be changed later."),
            "time_zone": _("A name of the tz database, as Europe/Amsterdam."),
            "currency": _("Three letters, as in EUR."),
            "home_country": _("Two letters, as in NL."),
        }
