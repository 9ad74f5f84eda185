"""Application registrations: which one speaks for the tenant, and entering one of one's own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from connectors.actions.app_registrations import remove_registration, set_registration
from connectors.forms.registrations import RegistrationForm
from connectors.models import AppRegistration, CredentialKind, Purpose
from connectors.queries.registrations import speakers
from tenants.views.tokens import tabs


@require(Permission.VIEW_CONNECTORS)
@require_safe
def registrations(request: HttpRequest) -> HttpResponse:
    """The three purposes and who speaks for each."""
    found = speakers(tenant=request.tenant)
    rows = [
        (speaker, tenant_url(request, f"connectors:registration_{speaker.purpose.value}"))
        for speaker in found
    ]
    context = {
        "rows": rows,
        "tabs": tabs(request),
        "may_manage": request.membership.may(Permission.MANAGE_CONNECTORS),
    }
    return render_page(request, "connectors/registrations.html", context)


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def registration(request: HttpRequest, purpose: str) -> HttpResponse:
    """Enter a registration, or replace its secret or certificate. The old one is never shown."""
    own = AppRegistration.objects.filter(purpose=purpose).first()
    initial = {
        "client_id": own.client_id if own else None,
        "kind": own.kind if own else CredentialKind.SECRET,
    }
    form = RegistrationForm(sent(request), initial=initial)
    if form.is_valid():
        with refusals_on(form):
            set_registration(
                purpose=purpose,
                client_id=form.cleaned_data["client_id"],
                kind=form.cleaned_data["kind"],
                secret=form.secret_text,
                expires_on=form.cleaned_data["expires_on"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved. The secret is sealed and is not shown again."))
            return redirect(tenant_url(request, "connectors:registrations"))
    context = {"form": form, "purpose": Purpose(purpose), "own": own}
    return render_page(
        request, "connectors/registration_form.html", context, status=form_status(form)
    )


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before a registration is taken away; and the deed."""
    own = get_object_or_404(AppRegistration, pk=pk)
    page = tenant_url(request, "connectors:registrations")
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            remove_registration(registration=own, by=request.user, now=timezone.now())
            messages.success(request, _("The registration is removed."))
            return redirect(page)
    context = {
        "form": form,
        "title": _("Remove the registration for %(purpose)s") % {"purpose": own},
        "sentence": _(
            "Its secret is forgotten, and the portal speaks as the application of the operator "
            "again, if there is one. Consents given to yours do not hold for that one."
        ),
        "verb": _("Remove"),
        "back": page,
        "back_label": _("Application registrations"),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))
