"""Addresses of licences, under /t/<slug>/."""

from django.urls import include, path

from licensing.views import policies, products, switch, wizard

app_name = "licensing"

LICENSES = [
    path("", products.products, name="products"),
    path("<int:pk>/price/", products.price, name="price"),
]
POLICIES = [
    path("", policies.listing, name="policies"),
    path("turn-on/", switch.turn_on, name="turn_on"),
    path("add/", wizard.policy_add, name="policy_add"),
    path("<int:pk>/", policies.policy, name="policy"),
    path("<int:pk>/created/", wizard.policy_created, name="policy_created"),
    path("<int:pk>/delete/", policies.policy_delete, name="policy_delete"),
]
SETTINGS = [
    path("", switch.org_settings, name="org_settings"),
    path("user-owned-apps-and-services/", switch.user_owned, name="user_owned"),
]

urlpatterns = [
    path("licenses/auto-claim/", include(POLICIES)),
    path("licenses/", include(LICENSES)),
    path("org-settings/", include(SETTINGS)),
]
