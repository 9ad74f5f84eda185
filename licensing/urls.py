"""Addresses of licences, under /t/<slug>/."""

from django.urls import include, path

from licensing.views import apps, dry_runs, policies, products, report, switch, undo, wizard

app_name = "licensing"

LICENSES = [
    path("", products.products, name="products"),
    path("<int:pk>/price/", products.price, name="price"),
]
APPS = [
    path("", apps.apps, name="apps"),
    path("<int:pk>/", apps.app_ids, name="app_ids"),
]
REPORT = [
    path("", report.report, name="claims"),
    path("csv/", report.export_csv, name="claims_csv"),
    path("xlsx/", report.export_xlsx, name="claims_xlsx"),
    path("<int:pk>/", report.claim, name="claim"),
    path("<int:pk>/retry/", report.claim_retry, name="claim_retry"),
    path("<int:pk>/clear/", report.claim_clear, name="claim_clear"),
]
POLICIES = [
    path("", policies.listing, name="policies"),
    path("turn-on/", switch.turn_on, name="turn_on"),
    path("add/", wizard.policy_add, name="policy_add"),
    path("<int:pk>/", policies.policy, name="policy"),
    path("<int:pk>/created/", wizard.policy_created, name="policy_created"),
    path("<int:pk>/delete/", policies.policy_delete, name="policy_delete"),
    path("<int:pk>/undo/", undo.policy_undo, name="policy_undo"),
    path("dry-runs/<int:pk>/", dry_runs.dry_run, name="dry_run"),
    path("dry-runs/<int:pk>/again/", dry_runs.dry_run_again, name="dry_run_again"),
    path("dry-runs/<int:pk>/list/", dry_runs.dry_run_list, name="dry_run_list"),
]
SETTINGS = [
    path("", switch.org_settings, name="org_settings"),
    path("user-owned-apps-and-services/", switch.user_owned, name="user_owned"),
]

urlpatterns = [
    path("reports/auto-claim/", include(REPORT)),
    path("licenses/auto-claim/", include(POLICIES)),
    path("licenses/apps/", include(APPS)),
    path("licenses/", include(LICENSES)),
    path("org-settings/", include(SETTINGS)),
]
