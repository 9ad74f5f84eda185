"""Presets of columns: kept from an import, edited, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from usage.actions.import_options import to_json
from usage.actions.import_rows import Options
from usage.models import Carrier, ColumnPreset

PER_IMPORT = ("create_lines", "shift_to_now", "sheet")
"""Options that are asked anew with every file."""


class PresetRefused(Refused):
    """The preset cannot be kept like this."""


TAKEN = {
    "column_preset_name_once": ("name", _("Another preset of this carrier already has this name."))
}


@transaction.atomic
def keep(
    *,
    carrier: Carrier,
    name: str,
    header: Sequence[str],
    options: Options,
    now: datetime,
    by: Actor,
) -> ColumnPreset:
    """Keep answers under a name; a preset of that name follows them from now on."""
    known = ColumnPreset.objects.select_for_update(no_key=True)
    preset = known.filter(carrier=carrier, name=name).first()
    if preset is not None:
        _change(preset, name=name, header=header, options=options, now=now, by=by)
        return preset
    said = _kept(options)
    preset = ColumnPreset(
        carrier=carrier, name=name, header=list(header), options=said, changed_at=now
    )
    with refusing(PresetRefused, TAKEN):
        preset.save()
    record(
        by=by,
        action="column_preset.added",
        subject=preset,
        after={"name": name, "carrier": carrier.name, **said},
    )
    return preset


@transaction.atomic
def edit(*, preset: ColumnPreset, name: str, options: Options, now: datetime, by: Actor) -> None:
    """Other answers, or another name. Raises PresetRefused when the name is taken."""
    mine = ColumnPreset.objects.select_for_update(no_key=True).get(pk=preset.pk)
    _change(mine, name=name, header=mine.header, options=options, now=now, by=by)


@transaction.atomic
def delete(*, preset: ColumnPreset, by: Actor) -> None:
    """Forget it; imports that followed it stay as they are."""
    record(
        by=by,
        action="column_preset.deleted",
        subject=preset,
        before={"name": preset.name, **preset.options},
    )
    ColumnPreset.objects.filter(pk=preset.pk).delete()


def _change(
    preset: ColumnPreset,
    *,
    name: str,
    header: Sequence[str],
    options: Options,
    now: datetime,
    by: Actor,
) -> None:
    said = _kept(options)
    before, after = changes(
        before={"name": preset.name, **preset.options}, after={"name": name, **said}
    )
    if not after and preset.header == list(header):
        return
    preset.name, preset.header, preset.options = name, list(header), said
    preset.changed_at = now
    with refusing(PresetRefused, TAKEN):
        preset.save()
    record(by=by, action="column_preset.edited", subject=preset, before=before, after=after)


def _kept(options: Options) -> dict[str, Any]:
    return {name: said for name, said in to_json(options).items() if name not in PER_IMPORT}
