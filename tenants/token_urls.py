"""Addresses of the API's tokens, under /t/<slug>/connectors/tokens/."""

from django.urls import path

from tenants.views import tokens

app_name = "tokens"
urlpatterns = [
    path("", tokens.tokens, name="list"),
    path("new/", tokens.create, name="create"),
    path("<int:pk>/revoke/", tokens.revoke, name="revoke"),
]
