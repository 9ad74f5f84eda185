"""Every address of the portal.

What belongs to a tenant stands under /t/<slug>/, where `tenants.middleware.TenantMiddleware`
opens its scope. A test walks all of it as every role and as strangers.
"""

from django.conf import settings
from django.urls import URLResolver, include, path

from tem_portal import health, home, metrics, search
from tem_portal.styleguide import styleguide
from tenants.views import start

TENANT_APPS = {
    "lines": "usage.urls",
    "devices": "devices.urls",
    "connectors": "connectors.urls",
    "connectors/tokens": "tenants.token_urls",
    "people": "tenants.urls",
    "people-groups": "tenants.group_urls",
    "audit": "audit.urls",
    "alerts": "alerts.urls",
    "licenses": "licensing.urls",
    "enrolment": "enrolment.urls",
}
if settings.SANDBOX:
    TENANT_APPS["sandbox"] = "sandbox.phone_urls"


PORTAL = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
]

AT_THE_ROOT = ("usage.urls", "licensing.urls")
"""These have several sections and name them themselves."""


def _of_tenant() -> list[URLResolver]:
    return [
        path("" if module in AT_THE_ROOT else f"{prefix}/", include(module))
        for prefix, module in TENANT_APPS.items()
        if (settings.BASE_DIR / f"{module.replace('.', '/')}.py").exists()
    ]


urlpatterns = [
    path("", start.start, name="start"),
    path("tenants/", start.choose, name="choose_tenant"),
    path("accounts/", include("tenants.account_urls")),
    path("enrol/", include("enrolment.enrol_urls")),
    path("operators/", include("tenants.operator_urls")),
    path("api/v1/", include(("tem_portal.api", "api"))),
    path("simulator/", include("devices.simulator_urls")),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("styleguide/", styleguide, name="styleguide"),
    path("t/<slug:tenant_slug>/", include([*PORTAL, *_of_tenant()])),
]

if settings.SANDBOX:
    urlpatterns.append(path("sandbox/", include("sandbox.urls")))

handler429 = "tem_portal.errors.too_many_requests"
