"""Addresses of lines, carriers, plans and policies, under /t/<slug>/."""

from django.urls import include, path

from usage.views import (
    bulk_changes,
    carriers,
    column_presets,
    exceptions,
    import_steps,
    imports,
    line,
    line_acts,
    lines,
    plans,
    policies,
    reports_usage,
    unmatched,
    zones,
)

app_name = "usage"

LINES = [
    path("", lines.lines, name="lines"),
    path("add/", lines.line_add, name="line_add"),
    path("people/", lines.people, name="line_people"),
    path("phones/", lines.phones, name="line_phones"),
    path("of-device/<int:pk>/", lines.lines_of_device, name="lines_of_device"),
    path("changes/", bulk_changes.bulk_changes, name="bulk_changes"),
    path("changes/<int:pk>/", bulk_changes.bulk_change, name="bulk_change"),
    path("changes/<int:pk>/undo/", bulk_changes.bulk_change_undo, name="bulk_change_undo"),
    path("set/plan/", bulk_changes.bulk_change_add, {"fact": "plan"}, name="set_plan"),
    path("set/policy/", bulk_changes.bulk_change_add, {"fact": "policy"}, name="set_policy"),
    path(
        "set/cost_centre/",
        bulk_changes.bulk_change_add,
        {"fact": "cost_centre"},
        name="set_cost_centre",
    ),
    path("<int:pk>/", line.line, name="line"),
    path("<int:pk>/edit/", lines.line_edit, name="line_edit"),
    path("<int:pk>/retire/", line_acts.retire, name="line_retire"),
    path("<int:pk>/block/", line_acts.block, name="line_block"),
    path("<int:pk>/release/<str:restriction>/", line_acts.release, name="line_release"),
    path("<int:pk>/unblock/", exceptions.unblock, name="line_unblock"),
    path("<int:pk>/top-up/", exceptions.top_up, name="line_top_up"),
    path("<int:pk>/trip/", exceptions.trip, name="line_trip"),
    path("<int:pk>/grace/", exceptions.grace, name="line_grace"),
    path("<int:pk>/exempt/", exceptions.exempt, name="line_exempt"),
    path("<int:pk>/exceptions/<int:exception_pk>/end/", exceptions.end, name="line_exception_end"),
]
CARRIERS = [
    path("", carriers.carriers, name="carriers"),
    path("add/", carriers.carrier_add, name="carrier_add"),
    path("<int:pk>/", carriers.carrier, name="carrier"),
    path("<int:pk>/edit/", carriers.carrier_edit, name="carrier_edit"),
    path("<int:pk>/retire/", carriers.carrier_retire, name="carrier_retire"),
]
PLANS = [
    path("", plans.plans, name="plans"),
    path("add/", plans.plan_add, name="plan_add"),
    path("<int:pk>/", plans.plan, name="plan"),
    path("<int:pk>/edit/", plans.plan_edit, name="plan_edit"),
    path("<int:pk>/make-default/", plans.plan_make_default, name="plan_make_default"),
    path("<int:pk>/retire/", plans.plan_retire, name="plan_retire"),
    path("<int:pk>/zones/add/", zones.zone_add, name="zone_add"),
]
ZONES = [
    path("<int:pk>/", zones.zone, name="zone"),
    path("<int:pk>/edit/", zones.zone_edit, name="zone_edit"),
    path("<int:pk>/remove/", zones.zone_remove, name="zone_remove"),
]
POLICIES = [
    path("", policies.policies, name="policies"),
    path("add/", policies.policy_add, name="policy_add"),
    path("allowance/", exceptions.allowance, name="helpdesk_allowance"),
    path("<int:pk>/", policies.policy, name="policy"),
    path("<int:pk>/edit/", policies.policy_edit, name="policy_edit"),
    path("<int:pk>/make-default/", policies.policy_make_default, name="policy_make_default"),
    path("<int:pk>/retire/", policies.policy_retire, name="policy_retire"),
]
IMPORTS = [
    path("", imports.imports, name="imports"),
    path("add/", import_steps.import_add, name="import_add"),
    path("presets/", column_presets.column_presets, name="column_presets"),
    path("presets/<int:pk>/", column_presets.column_preset, name="column_preset"),
    path(
        "presets/<int:pk>/delete/",
        column_presets.column_preset_delete,
        name="column_preset_delete",
    ),
    path("<int:pk>/", imports.usage_import, name="import"),
    path("<int:pk>/columns/", import_steps.import_columns, name="import_columns"),
    path("<int:pk>/start/", import_steps.import_start, name="import_start"),
    path("<int:pk>/cancel/", import_steps.import_cancel, name="import_cancel"),
    path("<int:pk>/rows-not-taken/", imports.rows_not_taken, name="import_rows_not_taken"),
]
UNMATCHED = [
    path("", unmatched.unmatched, name="unmatched"),
    path("assign/", unmatched.unmatched_assign, name="unmatched_assign"),
    path("create/", unmatched.unmatched_create, name="unmatched_create"),
    path("match/", unmatched.unmatched_match, name="unmatched_match"),
    path("dismiss/", unmatched.unmatched_dismiss, name="unmatched_dismiss"),
    path("take-back/", unmatched.unmatched_take_back, name="unmatched_take_back"),
]
REPORTS = [
    path("usage/", reports_usage.usage, {"by": "line"}, name="usage_report"),
    *[
        path(f"usage/{by}/", reports_usage.usage, {"by": by}, name=f"usage_by_{by}")
        for by in reports_usage.GROUPINGS
    ],
    *[
        path(
            f"usage/{by}/{form}/",
            reports_usage.usage_export,
            {"by": by, "form": form},
            name=f"usage_by_{by}_{form}",
        )
        for by in reports_usage.GROUPINGS
        for form in ("csv", "xlsx")
    ],
]

urlpatterns = [
    path("lines/", include(LINES)),
    path("carriers/", include(CARRIERS)),
    path("plans/", include(PLANS)),
    path("zones/", include(ZONES)),
    path("policies/", include(POLICIES)),
    path("imports/", include(IMPORTS)),
    path("unmatched/", include(UNMATCHED)),
    path("reports/", include(REPORTS)),
]
