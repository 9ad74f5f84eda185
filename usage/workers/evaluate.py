"""The evaluator: judges the lines that are due, and writes down only what changed.

1. Due watches are claimed with SKIP LOCKED; the lock, not a lease, keeps other workers away, so
   a worker that dies leaves nothing claimed.
2. The counters are read after the lock. A batch of usage takes its bytes from the budgets under
   the same lock, so its bytes are either in the counters read or taken from the new budgets.
3. decide() judges each line; closed cycles that got late usage are looked at for alerts only.
4. Decisions, alerts, signals and watches are written with bulk statements, in one commit.
5. A batch that fails is repeated line by line, so that one bad line cannot hold up the others;
   a line that fails three times is set aside with an alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import structlog
from django.db import OperationalError, connection, transaction

from alerts.actions import NewAlert, raise_alerts, settle_alerts, settle_late_alerts
from common.tenancy import across_tenants, current_tenant_id
from jobs.draining import drain
from usage.cycles import Cycle, CycleRule, cycle_of_day
from usage.decisions import Crossing, crossings
from usage.models import Decision, LineWatch
from usage.queries import judging
from usage.queries.due_lines import (
    NOTHING_LOOSENED,
    DueLine,
    Loosened,
    RuleBook,
    claim_due,
    loosenings,
    rule_book,
)
from usage.queries.judging import SUBJECT, crossings_known, cycle_of, rules_of, window_of
from usage.queries.usage_sums import Window, usage_in
from usage.workers.signalling import Judged, send_signals

log = structlog.get_logger(__name__)

BATCH = 500
"""Lines judged at once: ingest of them waits until the batch is written."""
TRIES = 3
OLDEST_LATE_CYCLE = timedelta(days=760)


def evaluate_due(*, now: datetime) -> int:
    """Judge every due line of every tenant; returns how many."""
    return drain(tenants=lambda: _tenants(now), batch=lambda: evaluate_batch(now=now))


def evaluate_batch(*, now: datetime) -> int:
    """Judge one batch of the tenant in scope; returns how many lines were claimed."""
    try:
        return _evaluate(now=now, limit=BATCH)
    except OperationalError:
        raise  # the database, not a line: the next sweep tries again
    except Exception:
        log.exception("evaluation_batch_failed", tenant_id=current_tenant_id())
        return _evaluate_one_by_one(now)


def _tenants(now: datetime) -> list[int]:
    with across_tenants("the evaluator serves all tenants in turn"):
        due = LineWatch.objects.filter(evaluate_at__lte=now)
        return list(due.values_list("tenant_id", flat=True).distinct().order_by("tenant_id"))


def _evaluate(*, now: datetime, limit: int, line_id: int | None = None) -> int:
    with transaction.atomic():
        due = claim_due(now=now, limit=limit, line_id=line_id)
        if due:
            book = rule_book()
            judged = _judge(due, book, now)
            _write_decisions(judged, now)
            _write_alerts(judged, now)
            send_signals(judged=judged, now=now)
            _write_watches(judged)
    return len(due)


def _judge(due: list[DueLine], book: RuleBook, now: datetime) -> list[Judged]:
    cycles = {line.line_id: cycle_of(line, book, now) for line in due}
    closed = [
        (line, cycle)
        for line in due
        for cycle in _closed_cycles(line, book.plan(line.plan_id).cycle, cycles[line.line_id])
    ]
    since = min(cycle.first_day for cycle in [*cycles.values(), *(cycle for _, cycle in closed)])
    loosened = loosenings(line_ids=cycles, now=now, since=since)
    windows = [
        window_of(
            line, book, cycles[line.line_id], now, loosened.get(line.line_id, NOTHING_LOOSENED)
        )
        for line in due
    ]
    used = usage_in(windows=windows, zones=book.zones)
    known = crossings_known(lines=due, book=book)
    late = _late_crossings(closed, book, loosened, now)
    reopened: dict[int, list[Cycle]] = {}
    for line, cycle in closed:
        reopened.setdefault(line.line_id, []).append(cycle)
    judged = []
    for line, window in zip(due, windows, strict=True):
        verdict = judging.verdict(
            line,
            book=book,
            usage=used[window.key],
            now=now,
            exceptions=loosened.get(line.line_id, NOTHING_LOOSENED).exceptions,
            crossed_at=known,
        )
        zone = book.carriers[line.carrier_id].zone
        judged.append(
            Judged(
                line=line,
                cycle=window.cycle,
                starts_at=window.cycle.starts_at(zone),
                ends_at=window.cycle.ends_at(zone),
                verdict=verdict,
                late=(*late.get(line.line_id, ()), *verdict.late),
                policy_id=book.effective_policy_id(
                    plan_id=line.plan_id, line_policy_id=line.policy_id
                ),
                reviewed=tuple(_reviewed(window, reopened.get(line.line_id, ()))),
            )
        )
    return judged


def _reviewed(window: Window, closed: Iterable[Cycle]) -> Iterator[tuple[date, date]]:
    for cycle in closed:
        yield cycle.first_day, cycle.end_day
    if window.by_day and window.today is not None:
        yield window.cycle.first_day, window.today


def _late_crossings(
    closed: list[tuple[DueLine, Cycle]],
    book: RuleBook,
    loosened: dict[int, Loosened],
    now: datetime,
) -> dict[int, list[Crossing]]:
    """Limits that were reached in closed cycles, by line."""
    windows = [
        (
            line,
            window_of(line, book, cycle, now, loosened.get(line.line_id, NOTHING_LOOSENED)),
        )
        for line, cycle in closed
    ]
    used = usage_in(windows=[window for _line, window in windows], zones=book.zones)
    found: dict[int, list[Crossing]] = {}
    for line, window in windows:
        ended = window.cycle.ends_at(book.carriers[line.carrier_id].zone)
        found.setdefault(line.line_id, []).extend(
            crossings(
                line_id=line.line_id,
                rules=rules_of(line, book),
                usage=used[window.key],
                exceptions=loosened.get(line.line_id, NOTHING_LOOSENED).exceptions,
                at=ended - timedelta(microseconds=1),
            )
        )
    return found


def _closed_cycles(line: DueLine, rule: CycleRule, running: Cycle) -> list[Cycle]:
    """Cycles before the running one that may hold usage nobody has judged yet."""
    since = line.late_since
    if line.cycle_first_day and line.cycle_first_day < running.first_day:
        since = min(since or date.max, line.cycle_first_day)
    if since is None or not line.active or line.personal:
        return []
    found = []
    day = max(since, running.first_day - OLDEST_LATE_CYCLE)
    while day < running.first_day:
        cycle = cycle_of_day(rule, day)
        found.append(cycle)
        day = cycle.end_day
    return found


def _write_decisions(judged: Iterable[Judged], now: datetime) -> None:
    changed = [item for item in judged if item.is_new]
    rows = Decision.objects.bulk_create(
        [
            Decision(
                tenant_id=current_tenant_id(),
                line_id=item.line.line_id,
                decided_at=now,
                cycle_start=item.starts_at,
                cycle_end=item.ends_at,
                restrictions=list(item.verdict.restrictions),
                standing=item.verdict.standing,
                reason=item.verdict.reason,
                facts=item.verdict.facts,
                fingerprint=item.verdict.fingerprint,
                plan_id=item.line.plan_id,
                policy_id=item.policy_id,
            )
            for item in changed
        ],
        batch_size=1_000,
    )
    for item, row in zip(changed, rows, strict=True):
        item.decision_id = row.pk


def _write_alerts(judged: list[Judged], now: datetime) -> None:
    current = [_alert(item, crossing) for item in judged for crossing in item.verdict.crossings]
    late = [_alert(item, crossing, late=True) for item in judged for crossing in item.late]
    raise_alerts(alerts=[*current, *late], now=now)
    settle_alerts(
        subject_type=SUBJECT,
        subject_ids=[item.line.line_id for item in judged],
        holding=[alert.identity for alert in current],
        now=now,
    )
    settle_late_alerts(
        subject_type=SUBJECT,
        periods=[(item.line.line_id, *period) for item in judged for period in item.reviewed],
        holding=[alert.identity for alert in late],
        now=now,
    )


def _alert(item: Judged, crossing: Crossing, *, late: bool = False) -> NewAlert:
    return NewAlert(
        identity=crossing.identity,
        kind="usage_limit",
        subject_type=SUBJECT,
        subject_id=item.line.line_id,
        severity="critical" if crossing.critical else "warning",
        reason=crossing.reason,
        facts=crossing.facts,
        late=late,
    )


WATCHES = """
UPDATE usage_linewatch w
SET evaluate_at = v.evaluate_at, home_budget = v.home, abroad_budget = v.abroad,
    total_budget = v.total, cycle_first_day = v.first_day, decision_id = v.decision_id,
    standing = v.standing,
    late_since = NULL, attempts = 0, last_error = ''
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[],
            %s::date[], %s::bigint[], %s::text[])
     AS v(line_id, evaluate_at, home, abroad, total, first_day, decision_id, standing)
WHERE w.tenant_id = %s AND w.line_id = v.line_id
"""


def _write_watches(judged: list[Judged]) -> None:
    verdicts = [item.verdict for item in judged]
    with connection.cursor() as cursor:
        cursor.execute(
            WATCHES,
            [
                [item.line.line_id for item in judged],
                [verdict.next_check_at for verdict in verdicts],
                [verdict.home_budget for verdict in verdicts],
                [verdict.abroad_budget for verdict in verdicts],
                [verdict.total_budget for verdict in verdicts],
                [item.cycle.first_day for item in judged],
                [item.decision_id for item in judged],
                [verdict.standing for verdict in verdicts],
                current_tenant_id(),
            ],
        )


def _evaluate_one_by_one(now: datetime) -> int:
    ids = list(
        LineWatch.objects.filter(evaluate_at__lte=now)
        .order_by("evaluate_at", "line_id")
        .values_list("line_id", flat=True)[:BATCH]
    )
    for line_id in ids:
        try:
            _evaluate(now=now, limit=1, line_id=line_id)
        except OperationalError:
            raise
        except Exception as error:
            log.exception("evaluation_failed", line_id=line_id)
            _set_aside(line_id=line_id, error=error, now=now)
    return len(ids)


def _set_aside(*, line_id: int, error: Exception, now: datetime) -> None:
    """Try again later; after TRIES give up until something makes the line due, and say so."""
    with transaction.atomic():
        watch = LineWatch.objects.select_for_update().get(line_id=line_id)
        watch.attempts += 1
        watch.last_error = f"{type(error).__name__}: {error}"[:500]
        given_up = watch.attempts >= TRIES
        watch.evaluate_at = None if given_up else now + timedelta(seconds=30 * watch.attempts)
        watch.save()
        if given_up:
            raise_alerts(
                alerts=[
                    NewAlert(
                        identity=f"evaluation-{line_id}-{now:%Y%m%d}",
                        kind="evaluation_failed",
                        subject_type=SUBJECT,
                        subject_id=line_id,
                        severity="critical",
                        reason="evaluation_failed",
                        facts={"attempts": watch.attempts, "error": watch.last_error[:200]},
                    )
                ],
                now=now,
            )
