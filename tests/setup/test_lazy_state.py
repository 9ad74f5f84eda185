"""Migrations on models that are built when asked for: the same models, fewer of them."""

from __future__ import annotations

import pytest
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import StateApps

from common.lazy_state import LazyExecutor, LazyState


@pytest.fixture(scope="module")
def final():
    """The state after every migration, without a database."""
    state = MigrationLoader(None, replace_migrations=False).project_state()
    return LazyState(state.models, state.real_apps)


def built(apps: StateApps) -> set[str]:
    return {f"{label}.{name}" for label, held in apps.all_models.items() for name in held}


def columns(model: type[models.Model]) -> list[tuple[str, str | None]]:
    return [(field.column, field.db_type(connection)) for field in model._meta.local_fields]


def test_a_model_brings_those_it_refers_to_and_no_others(final):
    apps = final.clone().apps
    plan = apps.get_model("usage", "Plan")
    assert {"usage.plan", "usage.carrier", "tenants.tenant"} <= built(apps)
    assert not {"connectors.signal", "usage.line"} & built(apps)
    assert plan._meta.get_field("carrier").related_model is apps.get_model("usage.Carrier")


def test_every_model_is_as_django_builds_it(final):
    whole = StateApps(final.real_apps, final.models)
    for (label, name), _state in final.models.items():
        lazily = final.clone().apps.get_model(label, name)
        assert columns(lazily) == columns(whole.get_model(label, name)), name


def test_who_looks_from_the_other_side_sees_all(final):
    apps = final.clone().apps
    plan = apps.get_model("usage", "Plan")
    assert "zones" in {relation.get_accessor_name() for relation in plan._meta.related_objects}
    assert {("usage", "line"), ("connectors", "signal")} <= {
        (model._meta.app_label, model._meta.model_name) for model in apps.get_models()
    }


def test_a_data_migration_has_all_models(final):
    state = final.clone()
    state.clear_delayed_apps_cache()
    assert type(state.apps) is StateApps


def test_a_changed_model_is_built_anew(final):
    state = final.clone()
    before = state.apps.get_model("usage", "Line")
    state.add_field("usage", "line", "colour", models.TextField(default=""), preserve_default=True)
    after = state.apps.get_model("usage", "Line")
    assert "colour" in {field.name for field in after._meta.get_fields()}
    assert "colour" not in {field.name for field in before._meta.get_fields()}


@pytest.mark.django_db
def test_the_command_uses_it():
    from django.core.management import call_command
    from django.core.management.commands import migrate

    call_command("migrate", verbosity=0)
    assert migrate.MigrationExecutor is LazyExecutor
