"""One fact of many lines: asked for, carried out by a job in steps, and taken back the same way.

1. What was chosen is written down first, line by line, so that a list that changes meanwhile
   changes nothing of it.
2. Each step of the job is one transaction: links, audit events, lines due, and how each line came
   out of it. A worker that dies repeats nothing.
3. Undoing gives every changed line what it had, unless somebody has changed it since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.actions import Act, Actor, record, record_many
from common.dated import DatedLink
from common.refusals import Refused
from common.tenancy import current_tenant_id
from jobs.actions import AlreadyOpen, start
from jobs.runs import Run
from usage.actions.line_links import close
from usage.models import (
    BulkChange,
    BulkChangeItem,
    Fact,
    ItemState,
    Line,
    LinePlan,
    LinePolicy,
    LineState,
    Plan,
    Policy,
)
from usage.workers.due import make_due

CHANGE = "usage.change_lines"
STEP = 200
MOST = 200_000
"""Lines that one change may have."""

CHOOSE = """
INSERT INTO usage_bulkchangeitem (tenant_id, change_id, line_id, state, former)
SELECT %s, %s, chosen.id, 'waiting', '' FROM ({chosen}) chosen
"""


class BulkRefused(Refused):
    """The lines cannot be changed, or the change not be undone."""


@transaction.atomic
def begin(
    *, lines: QuerySet[Line], fact: str, to: Plan | Policy | str | None, now: datetime, by: Actor
) -> BulkChange:
    """Write down the lines and have a worker change them. Raises BulkRefused for none or too many.

    `to` is a plan, a policy, a cost centre, or None for none of it. Retired lines stay out.
    """
    change = BulkChange.objects.create(
        fact=fact,
        value=_written(to),
        name=str(to or "")[:120],
        lines=0,
        by_id=by.pk,
        created_at=now,
    )
    chosen = lines.filter(state=LineState.ACTIVE).order_by().distinct().values("id")[: MOST + 1]
    sql, parameters = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(CHOOSE.format(chosen=sql), [current_tenant_id(), change.pk, *parameters])
        change.lines = cursor.rowcount
    if not change.lines:
        raise BulkRefused(_("No active line was chosen."))
    if change.lines > MOST:
        raise BulkRefused(_("These are more lines than can be changed at once. Filter the list."))
    change.job = _job(change, undo=False, now=now, by=by)
    change.save(update_fields=["lines", "job"])
    record(by=by, action="bulk_change.begun", subject=change, after={"lines": change.lines})
    return change


@transaction.atomic
def undo(*, change: BulkChange, now: datetime, by: Actor) -> None:
    """Have a worker give the changed lines what they had. Raises BulkRefused where it cannot be."""
    change = BulkChange.objects.select_for_update(of=["self"], no_key=True).get(pk=change.pk)
    if change.undo_job_id is not None:
        raise BulkRefused(_("This change was undone already."))
    if change.under_way:
        raise BulkRefused(_("The change is still under way. Undo it when it has ended."))
    change.undo_job = _job(change, undo=True, now=now, by=by)
    change.save(update_fields=["undo_job"])
    record(by=by, action="bulk_change.undone", subject=change)


def _job(change: BulkChange, *, undo: bool, now: datetime, by: Actor) -> Any:
    try:
        return start(
            kind=CHANGE,
            key=f"{change.pk} {'undo' if undo else 'do'}",
            parameters={"change": change.pk, "undo": undo},
            total=change.lines,
            by=by,
            now=now,
        )
    except AlreadyOpen as running:
        raise BulkRefused(_("This is being done already.")) from running


# --- the work -------------------------------------------------------------------------------------


def carry_out(run: Run) -> dict[str, Any]:
    """Change the lines of a change, or undo it, from the step on that a run before came to."""
    change = BulkChange.objects.select_related("by").get(pk=run.job.parameters["change"])
    is_undo = run.job.parameters["undo"]
    step = _undo_step if is_undo else _change_step
    open_items = change.items.filter(state=ItemState.CHANGED if is_undo else ItemState.WAITING)
    done = run.job.done
    if is_undo and not run.job.checkpoint:
        run.step(total=open_items.count(), checkpoint={"begun": True})
    while True:
        with transaction.atomic():
            items = list(open_items.order_by("line_id")[:STEP])
            if not items:
                return counts_of(change)
            step(change, items, run.job.by)
            done += len(items)
            run.step(done=done, checkpoint={"begun": True})
        run.pause_if_long()


def counts_of(change: BulkChange) -> dict[str, int]:
    """How many lines came out of it how, by ItemState."""
    found = change.items.order_by().values_list("state").annotate(models.Count("pk"))
    return {str(state): count for state, count in found}


def _change_step(change: BulkChange, items: list[BulkChangeItem], by: Actor | None) -> None:
    kind = KINDS[change.fact]
    lines = _locked(items)
    now_has = kind.current(lines)
    fits = kind.fits(change.value, lines.values())
    to: dict[int, str] = {}
    for item in items:
        item.former = now_has.get(item.line_id, "")
        if item.line_id not in fits:
            item.state = ItemState.REFUSED
        elif item.former == change.value:
            item.state = ItemState.SAME
        else:
            item.state = ItemState.CHANGED
            to[item.line_id] = change.value
    _write(kind, change, items, lines, to, now_has, by)


def _undo_step(change: BulkChange, items: list[BulkChangeItem], by: Actor | None) -> None:
    kind = KINDS[change.fact]
    lines = _locked(items)
    now_has = kind.current(lines)
    fits = {former: kind.fits(former, lines.values()) for former in {i.former for i in items}}
    to: dict[int, str] = {}
    for item in items:
        was_left_alone = now_has.get(item.line_id, "") == change.value
        if was_left_alone and item.line_id in fits[item.former]:
            item.state = ItemState.UNDONE
            to[item.line_id] = item.former
        else:
            item.state = ItemState.KEPT
    _write(kind, change, items, lines, to, now_has, by)


def _locked(items: list[BulkChangeItem]) -> dict[int, Line]:
    lines = Line.objects.filter(pk__in=[item.line_id for item in items], state=LineState.ACTIVE)
    return {line.pk: line for line in lines.order_by("pk").select_for_update(no_key=True)}


def _write(
    kind: Kind,
    change: BulkChange,
    items: list[BulkChangeItem],
    lines: dict[int, Line],
    to: dict[int, str],
    former: dict[int, str],
    by: Actor | None,
) -> None:
    now = timezone.now()
    if to:
        kind.write({lines[pk]: value for pk, value in to.items()}, now)
        names = kind.names({*to.values(), *(former.get(pk, "") for pk in to)})
        record_many(
            by=by,
            acts=[
                Act(
                    action="line.edited",
                    subject=lines[pk],
                    before={change.fact: names.get(former.get(pk, ""))},
                    after={change.fact: names.get(value)},
                )
                for pk, value in to.items()
            ],
        )
        make_due(line_ids=list(to))
    BulkChangeItem.objects.bulk_update(items, ["state", "former"])


# --- what differs from fact to fact ---------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """How one fact is read and written, for a step's lines at once.

    Values are written as in BulkChange. `fits` gives the lines that may have a value: of a plan
    those of its carrier, and none of what is retired.
    """

    current: Callable[[Iterable[int]], dict[int, str]]
    fits: Callable[[str, Iterable[Line]], set[int]]
    write: Callable[[Mapping[Line, str], datetime], None]
    names: Callable[[set[str]], dict[str, str]]


def _linked(link: type[DatedLink], to: type[Plan | Policy], field: str) -> Kind:
    def current(line_ids: Iterable[int]) -> dict[int, str]:
        rows = link.objects.open().filter(line_id__in=list(line_ids))
        return {line: str(pk) for line, pk in rows.values_list("line_id", f"{field}_id")}

    def fits(value: str, lines: Iterable[Line]) -> set[int]:
        if not value:
            return {line.pk for line in lines}
        found = to.objects.filter(pk=int(value), retired_at=None).first()
        if found is None:
            return set()
        carrier = getattr(found, "carrier_id", None)
        return {line.pk for line in lines if carrier in {None, line.carrier_id}}

    def write(values: Mapping[Line, str], now: datetime) -> None:
        close(link, now=now, line__in=[line.pk for line in values])
        link.objects.bulk_create(
            [
                link(
                    tenant_id=line.tenant_id,
                    line=line,
                    linked_at=now,
                    **{f"{field}_id": int(value)},
                )
                for line, value in values.items()
                if value
            ]
        )

    def names(values: set[str]) -> dict[str, str]:
        found = to.objects.filter(pk__in=[int(value) for value in values if value])
        return {str(one.pk): str(one) for one in found}

    return Kind(current=current, fits=fits, write=write, names=names)


def _cost_centres(line_ids: Iterable[int]) -> dict[int, str]:
    lines = Line.objects.filter(pk__in=list(line_ids))
    return dict(lines.values_list("pk", "cost_centre"))


def _write_cost_centres(values: Mapping[Line, str], now: datetime) -> None:
    for line, value in values.items():
        line.cost_centre = value
    Line.objects.bulk_update(values, ["cost_centre"])


KINDS = {
    Fact.PLAN: _linked(LinePlan, Plan, "plan"),
    Fact.POLICY: _linked(LinePolicy, Policy, "policy"),
    Fact.COST_CENTRE: Kind(
        current=_cost_centres,
        fits=lambda value, lines: {line.pk for line in lines},
        write=_write_cost_centres,
        names=lambda values: {value: value for value in values},
    ),
}


def _written(to: Plan | Policy | str | None) -> str:
    if to is None:
        return ""
    return to if isinstance(to, str) else str(to.pk)


def may_be_undone(change: BulkChange) -> bool:
    """Whether it has ended, in whatever way, and was not undone."""
    job = change.job
    return job is not None and not job.is_open and change.undo_job_id is None
