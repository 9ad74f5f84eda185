"""Addresses of devices, under /t/<slug>/devices/."""

from django.urls import path

from devices.views import categories, category_moves, device_acts, devices, group_members, groups

app_name = "devices"

urlpatterns = [
    path("", devices.devices, name="devices"),
    path("categories/", categories.categories, name="categories"),
    path("categories/add/", categories.category_add, name="category_add"),
    path("categories/<int:pk>/edit/", categories.category_edit, name="category_edit"),
    path("categories/<int:pk>/delete/", categories.category_delete, name="category_delete"),
    path("categories/moves/", category_moves.category_moves, name="category_moves"),
    path("categories/moves/add/", category_moves.category_move_add, name="category_move_add"),
    path("categories/moves/<int:pk>/", category_moves.category_move, name="category_move"),
    path(
        "categories/moves/<int:pk>/undo/",
        category_moves.category_move_undo,
        name="category_move_undo",
    ),
    path("groups/", groups.groups, name="groups"),
    path("groups/add/", groups.group_add, name="group_add"),
    path("groups/add-dynamic/", groups.group_add_dynamic, name="group_add_dynamic"),
    path("groups/check/", groups.rule_check, name="rule_check"),
    path("groups/<int:pk>/", groups.group, name="group"),
    path("groups/<int:pk>/edit/", groups.group_edit, name="group_edit"),
    path("groups/<int:pk>/delete/", groups.group_delete, name="group_delete"),
    path("groups/<int:pk>/pause/", groups.group_pause, name="group_pause"),
    path("groups/<int:pk>/resume/", groups.group_resume, name="group_resume"),
    path("groups/<int:pk>/test/", groups.group_test, name="group_test"),
    path("groups/<int:pk>/devices/", group_members.devices, name="group_devices"),
    path("groups/<int:pk>/devices/add/", group_members.put_in, name="group_put_in"),
    path("groups/<int:pk>/devices/remove/", group_members.take_out, name="group_take_out"),
    path("add/", devices.device_add, name="device_add"),
    path("<int:pk>/", devices.device, name="device"),
    path("<int:pk>/edit/", devices.device_edit, name="device_edit"),
    path("<int:pk>/category/", categories.device_category, name="device_category"),
    path("<int:pk>/retire/", device_acts.retire, name="device_retire"),
    path("<int:pk>/sim/", device_acts.put_sim_in, name="device_sim"),
    path("<int:pk>/sim/<int:sim_pk>/out/", device_acts.take_sim_out, name="device_sim_out"),
    path("<int:pk>/token/", device_acts.give_token, name="device_token"),
    path("<int:pk>/token/revoke/", device_acts.revoke_token, name="device_token_revoke"),
    path("<int:pk>/block/", device_acts.block, name="device_block"),
    path("<int:pk>/release/<str:restriction>/", device_acts.release, name="device_release"),
]
