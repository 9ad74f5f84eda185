"""Addresses of the pretend Microsoft cloud, under /sandbox/; routed only where SANDBOX is set."""

from django.urls import path

from sandbox.views import cloud, graph, login

app_name = "sandbox"

urlpatterns = [
    path("", cloud.clouds, name="clouds"),
    path("<uuid:pk>/", cloud.organisation, name="organisation"),
    path("<uuid:pk>/revoke/", cloud.revoke, name="revoke"),
    path("<uuid:pk>/devices/", cloud.more_devices, name="more_devices"),
    path("login/<str:tenant>/v2.0/.well-known/openid-configuration", login.configuration,
         name="configuration"),
    path("login/<str:tenant>/discovery/v2.0/keys", login.keys, name="keys"),
    path("login/<str:tenant>/oauth2/v2.0/token", login.token, name="token"),
    path("login/<str:tenant>/oauth2/v2.0/authorize", login.authorize, name="authorize"),
    path("login/<str:tenant>/v2.0/adminconsent", login.admin_consent, name="admin_consent"),
    path("graph/v1.0/<path:path>", graph.graph, name="graph"),
]  # fmt: skip
