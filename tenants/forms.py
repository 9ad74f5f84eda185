"""Forms of the tenants' own pages. They validate; `tenants.actions` writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from common.permissions import ROLE_LABELS, Role
from tenants.models import Scope, Tenant, User


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


class TokenForm(NamesItsFields, forms.Form):
    """A new token of the API, with the scopes that its maker may give."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("The program that will use it.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=(), widget=forms.CheckboxSelectMultiple
    )
    last_day = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day. Without one it is valid until it is revoked."),
    )

    def __init__(self, *args: Any, scopes: Iterable[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope.value, scope.label) for scope in scopes]

    def clean_last_day(self) -> date | None:
        day = self.cleaned_data["last_day"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(_("This day is over."))
        if day is not None and day.year > timezone.localdate().year + 10:
            raise forms.ValidationError(_("Choose a day within ten years, or none."))
        return day

    @property
    def expires_at(self) -> datetime | None:
        """The end of the last day, in the tenant's zone."""
        day = self.cleaned_data["last_day"]
        return timezone.make_aware(datetime.combine(day + timedelta(1), time())) if day else None


class PeopleGroupForm(NamesItsFields, forms.Form):
    """What a people group is called."""

    name = forms.CharField(label=_("Name"), max_length=80)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class RoleForm(NamesItsFields, forms.Form):
    """What somebody may do in the tenant."""

    role = forms.ChoiceField(label=_("Role"), choices=list(ROLE_LABELS.items()))

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class InvitationForm(RoleForm):
    """Whom to invite, as what, and in which language to write to them."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    language = forms.ChoiceField(
        label=_("Language of the e-mail"),
        choices=settings.LANGUAGES,
        help_text=_("Somebody who chose a language here before gets it in theirs."),
    )
    field_order = ("email", "role", "language")


class NewAccountForm(NamesItsFields, forms.Form):
    """The name and the first password of somebody who was invited."""

    name = forms.CharField(
        label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Use at least 12 characters."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        self.user.name = self.cleaned_data.get("name", "")
        validate_password(self.cleaned_data["password"], self.user)
        return self.cleaned_data["password"]


class EntraSignInForm(NamesItsFields, forms.Form):
    """The directory whose people may sign in, one of those that the tenant is connected to."""

    directory = forms.ChoiceField(label=_("Microsoft tenant"), choices=())
    enabled = forms.BooleanField(label=_("Let people sign in with Microsoft"), required=False)

    def __init__(self, *args: Any, directories: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["directory"].choices = directories


class EntraGroupForm(RoleForm):
    """A group of the directory, and the role of its members."""

    group_id = forms.UUIDField(label=_("Object ID of the group"))
    field_order = ("group_id", "role")


AS_IT_IS = "-"
"""What stands in a choice for following the browser or the system; the account keeps it empty."""


class ProfileForm(NamesItsFields, forms.Form):
    """How a person is called, and in which language and theme they see the portal."""

    name = forms.CharField(
        label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[(AS_IT_IS, _("As the browser")), *settings.LANGUAGES],
        help_text=_("Also the language of e-mails to you."),
    )
    theme = forms.ChoiceField(
        label=_("Theme"),
        choices=[(AS_IT_IS, _("As the system")), ("light", _("Light")), ("dark", _("Dark"))],
    )

    def clean_language(self) -> str:
        return self.cleaned_data["language"].removeprefix(AS_IT_IS)

    def clean_theme(self) -> str:
        return self.cleaned_data["theme"].removeprefix(AS_IT_IS)
