"""Billing > Licenses > Auto-claim policy: the list, a policy's details, and deleting it."""

from __future__ import annotations

import django_filters
from django.contrib import messages
from django.db.models import Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from audit.queries import events
from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from common.tables import Column, Search, Table
from licensing.actions import policies as acts
from licensing.models import AutoClaimPolicy, Reading
from licensing.queries.pace import overlaps, standings
from licensing.queries.policies import feature_is_on, hang_figures, policies, state_of
from licensing.views.dry_runs import begin
from licensing.views.sheet import Sheet
from licensing.views.tabs import tabs


class PolicyFilters(django_filters.FilterSet):
    q = Search("name__icontains", "app__name__icontains", label=gettext_lazy("Search"))

    class Meta:
        model = AutoClaimPolicy
        fields = ()


POLICIES = Table(
    name="policies",
    columns=(
        Column("policy", gettext_lazy("Policy name"), order=("name",)),
        Column("details", gettext_lazy("Details"), label_hidden=True),
        Column("app", gettext_lazy("App"), order=("app__name",)),
        Column("product", gettext_lazy("Product"), order=("first_product",)),
        Column("available", gettext_lazy("Available licenses"), numeric=True),
        Column("status", gettext_lazy("Status"), order=("enabled",)),
    ),
    sort="policy",
    filters=PolicyFilters,
)


@require(Permission.VIEW_LICENCES)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The tab: with the feature off, the button that turns it on."""
    is_on = feature_is_on()
    primary = Min("products__product__name", filter=Q(products__position=1))
    view = POLICIES.view(request, policies().annotate(first_product=primary))
    hang_figures(view.rows, is_on=is_on)
    base = tenant_url(request, "licensing:policies")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
    context = {
        "policies": view,
        "tabs": tabs(request, "policies"),
        "is_on": is_on,
        "reading": Reading.objects.filter(what="sign_ins").first(),
        "may_manage": request.membership.may(Permission.MANAGE_LICENCES),
        "may_report": request.membership.may(Permission.VIEW_CLAIMS),
        "may_switch": request.membership.may(Permission.SWITCH_AUTO_CLAIM),
    }
    return render_page(request, "licensing/policies.html", context, parts=(POLICIES.part,))


@require(Permission.VIEW_LICENCES)
@form_methods
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """The details pane, as a drawer or a page. Its buttons change a draft; only Save saves it."""
    policy = get_object_or_404(policies(), pk=pk)
    may_manage = request.membership.may(Permission.MANAGE_LICENCES)
    sheet = Sheet(policy=policy, data=sent(request) if may_manage else None)
    if sheet.is_saved:
        with refusals_on(sheet.form):
            changed = acts.edit(
                policy=policy, draft=sheet.draft, now=timezone.now(), by=request.user
            )
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return _to_list(request)
    if sheet.wants_dry_run:
        with refusals_on(sheet.form):
            return begin(request, sheet.draft)
    context = {
        "policy": policy,
        "standing": standings(policies=[policy], now=timezone.now())[policy.pk],
        "overlaps": overlaps(keys=sheet.draft.keys, but=policy.pk),
        "sheet": sheet,
        "form": sheet.form,
        "is_on": feature_is_on(),
        "state": state_of(policy, is_on=feature_is_on()),
        "may_manage": may_manage,
        "events": events()
        .filter(object_type="autoclaimpolicy", object_id=str(pk))
        .order_by("-at", "-pk")[:50],
    }
    status = 422 if sheet.form.is_bound and sheet.form.errors else 200
    return render_page(
        request, "licensing/policy.html", context, parts=("drawer", "policy-sheet"), status=status
    )


def _to_list(request: HttpRequest) -> HttpResponse:
    address = tenant_url(request, "licensing:policies")
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


@require(Permission.MANAGE_LICENCES)
@form_methods
def policy_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before deleting, and the deed."""
    policy = get_object_or_404(policies(), pk=pk)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.delete(policy=policy, now=timezone.now(), by=request.user)
            messages.success(request, _("%(name)s was deleted.") % {"name": policy})
            return redirect(tenant_url(request, "licensing:policies"))
    context = {
        "form": form,
        "title": _("Delete %(name)s") % {"name": policy},
        "sentence": _(
            "Nobody claims a licence by it any more. Whoever has one keeps it, and the report "
            "goes on naming the policy."
        ),
        "verb": _("Delete"),
        "back": tenant_url(request, "licensing:policy", pk=pk),
        "back_label": str(policy),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))
