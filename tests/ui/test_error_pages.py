"""Refusals and failures: in the look, with a sentence, and without a context if need be."""

import pytest
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.views import defaults


@pytest.mark.parametrize("template", ["400.html", "403.html", "404.html", "500.html"])
def test_an_error_page_needs_nothing(template):
    page = render_to_string(template)
    assert "<h1>" in page
    assert 'href="/"' in page


def test_a_refusal_shows_its_sentence(db):
    request = RequestFactory().get("/")
    page = defaults.permission_denied(request, PermissionDenied("Only <b> may do this."))
    assert page.status_code == 403
    assert "Only &lt;b&gt; may do this." in page.content.decode()


def test_an_address_that_does_not_exist_tells_nothing_of_those_that_do(client_for, alice):
    page = client_for(alice).get("/t/contoso/no/such/page/")
    assert page.status_code == 404
    assert "tenant_slug" not in page.content.decode()


def test_a_form_without_its_token_is_refused_in_words(db):
    page = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x"})
    assert page.status_code == 403
    assert "out of date" in page.content.decode()
