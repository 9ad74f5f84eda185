"""The state of migrations in which a model is built when an operation asks for it.

Django keeps every historical model built while it migrates, and builds each one anew when a model
that it refers to changes. Here all models refer to a tenant and half have a history of rows, so
nearly every operation builds nearly every model: a minute of processor time for an empty database.
An operation needs its own model and those that it refers to, which is a handful.

The state falls back to building all of them wherever somebody may look at models from the other
side: `get_models()` and data migrations (`RunPython` asks for an undelayed state).
"""

from functools import wraps
from typing import Any

from django.apps.registry import Apps
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.db.migrations.utils import resolve_relation
from django.db.models import Model

Key = tuple[str, str]
"""Label of an app and name of a model in lower case."""

CHANGES = (
    "add_model",
    "remove_model",
    "rename_model",
    "alter_model_options",
    "remove_model_options",
    "alter_model_managers",
    "_append_option",
    "_remove_option",
    "add_field",
    "remove_field",
    "alter_field",
    "rename_field",
    "reload_model",
    "reload_models",
)


class LazyApps(StateApps):
    """The models of `models`, each built together with those that it refers to, when asked for."""

    def __init__(self, real_apps: set[str], models: dict[Key, ModelState]) -> None:
        super().__init__(real_apps, {})
        self._unbuilt = dict(models)

    def get_model(
        self, app_label: str, model_name: str | None = None, require_ready: bool = True
    ) -> type[Model]:
        if model_name is None:
            app_label, model_name = app_label.split(".")
        self._build(self._needed_by((app_label, model_name.lower())))
        return super().get_model(app_label, model_name, require_ready)

    def get_models(self, *args: Any, **options: Any) -> list[type[Model]]:
        self._build(list(self._unbuilt))
        return super().get_models(*args, **options)

    def clear_cache(self) -> None:
        # Django's own goes by get_models(), which here would build them all.
        Apps.get_models.cache_clear()
        Apps.get_swappable_settings_name.cache_clear()
        for models in self.all_models.values():
            for model in models.values():
                model._meta._expire_cache()

    def _needed_by(self, key: Key) -> list[Key]:
        """`key` and whatever it refers to that is not built yet, bases included."""
        found: dict[Key, None] = {}
        waiting = [key]
        while waiting:
            key = waiting.pop()
            if key in self._unbuilt and key not in found:
                found[key] = None
                waiting += references(self._unbuilt[key])
        return list(found)

    def _build(self, keys: list[Key]) -> None:
        self.render_multiple([self._unbuilt.pop(key) for key in keys])


def references(state: ModelState) -> list[Key]:
    """The models that the fields and bases of `state` name."""
    own = (state.app_label, state.name_lower)
    named: list[Any] = [base for base in state.bases if isinstance(base, str)]
    for field in state.fields.values():
        if field.remote_field:
            named.append(field.remote_field.model)
            named.append(getattr(field.remote_field, "through", None))
    return [resolve_relation(model, *own) for model in named if model]


class LazyState(ProjectState):
    """A project state without built models, until `clear_delayed_apps_cache()` asks for all.

    It never keeps `apps` as an attribute of its own, which is how Django tells whether there are
    built models to be kept in step with each change.
    """

    _apps: StateApps | None = None
    _whole = False

    @property
    def apps(self) -> StateApps:  # type: ignore[override]  # a cached property there
        if self._apps is None:
            kind = StateApps if self._whole else LazyApps
            self._apps = kind(self.real_apps, self.models)
        return self._apps

    def clone(self) -> "LazyState":
        models = {key: model.clone() for key, model in self.models.items()}
        new = LazyState(models, self.real_apps)
        new.is_delayed = self.is_delayed
        return new

    def clear_delayed_apps_cache(self) -> None:
        if not self._whole:
            self._whole, self._apps = True, None


def _forgetting(name: str) -> Any:
    change = getattr(ProjectState, name)

    @wraps(change)
    def changed(self: LazyState, *args: Any, **options: Any) -> Any:
        self._apps = None
        return change(self, *args, **options)

    return changed


for _name in CHANGES:
    setattr(LazyState, _name, _forgetting(_name))


class LazyExecutor(MigrationExecutor):
    """Applies migrations on a lazy state."""

    def _create_project_state(self, with_applied_migrations: bool = False) -> LazyState:
        found = super()._create_project_state(with_applied_migrations)
        return LazyState(found.models, found.real_apps)
