"""Taking a form in: what was sent, what the action made of it, and the status of the answer.

form = CarrierForm(sent(request))
if form.is_valid():
    with refusals_on(form):
        ...the action...
        return redirect(...)
return render_page(..., status=form_status(form))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.forms import BaseForm, BaseFormSet
from django.http import HttpRequest, QueryDict
from django.views.decorators.http import require_http_methods

from common.refusals import Refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])
"""What a view with a form answers to."""


class ConfirmForm(forms.Form):
    """A question that is answered by sending it."""


def sent(request: HttpRequest) -> QueryDict | None:
    """The data of a POST, even an empty one; None otherwise, which leaves a form unbound."""
    return request.POST if request.method == "POST" else None


@contextmanager
def refusals_on(form: BaseForm) -> Iterator[None]:
    """Show what the block's action refuses as an error of `form`, and go on behind the block."""
    try:
        yield
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.sentence)


def form_status(*forms: BaseForm | BaseFormSet) -> int:
    """The HTTP status of a page with these forms: 422 when one was sent and is not in order."""
    return 422 if any(form.is_bound and not form.is_valid() for form in forms) else 200
