"""What a draft would have given: past sign-ins judged on paper, by today's people and seats.

1. The sign-ins to the draft's app are walked in the order of their times, a page at a time. Of each
   person the first one counts; whether there was one before is asked of the index, not remembered,
   so memory stays the same however many there are.
2. Accounts that were never read are read from the directory, outside any transaction.
3. licensing.entitlements decides, and seats are counted down on paper. Nothing is written but the
   list of who would get what, with the checkpoint it goes on from.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from common.exports import neutralised
from common.sentences import sentence
from common.tenancy import current_tenant_id
from jobs.kinds import JobFailed
from jobs.runs import Run
from licensing.drafts import Draft, draft_from
from licensing.entitlements import Grant, Rules, decide
from licensing.models import Account, App, PolicyProduct, Product, SignIn
from licensing.ports import CloudError, cloud_of
from licensing.queries.offers import Seats, Shelf, plans_of, seats_of
from licensing.queries.people import PlanNames, people_of
from licensing.workers.accounts import read_accounts
from tenants.models import Tenant

KIND = "licensing.dry_run"
PAGE = 5_000
READ_AT_ONCE = 100
SHOWN = 50
KEEP = timedelta(days=7)
WALK = """
WITH page AS (
    SELECT id, at, entra_id, upn FROM licensing_signin
    WHERE tenant_id = %(tenant)s AND app_id = %(app)s AND at < %(until)s
      AND (at, id) > (%(at)s, %(id)s)
    ORDER BY at, id LIMIT %(size)s
)
SELECT id, at, entra_id, upn, NOT EXISTS (
    SELECT 1 FROM licensing_signin AS earlier
    WHERE earlier.tenant_id = %(tenant)s AND earlier.app_id = %(app)s
      AND earlier.entra_id = page.entra_id AND earlier.at >= %(since)s
      AND (earlier.at, earlier.id) < (page.at, page.id)
) AS is_first
FROM page ORDER BY at, id
"""


class Paper:
    """The draft, its seats counted down on paper, and what came of it so far."""

    def __init__(self, draft: Draft, kept: dict[str, Any]) -> None:
        self.draft = draft
        self.app = App.objects.get(pk=draft.app)
        self.zone = Tenant.objects.get(pk=current_tenant_id()).zone
        products = list(Product.objects.filter(pk__in=draft.keys).order_by("pk"))
        if len(products) < len(draft.keys):
            raise JobFailed(_("A product of the draft is no longer there."))
        self.shelf = Shelf(
            rows=[
                PolicyProduct(product_id=row.product, position=place, off=list(row.off))
                for place, row in enumerate(draft.products, start=1)
            ],
            products={product.pk: product for product in products},
            plans=plans_of([product.pk for product in products]),
            reserve=draft.reserve,
        )
        self.kept = kept or _nothing_yet(seats_of(products))
        self.seats = Seats({int(key): free for key, free in self.kept["free"].items()})
        self.names = PlanNames()

    def judge(self, rows: Iterable[tuple[datetime, UUID, str]]) -> list[list[str]]:
        """Decide on these first sign-ins, in order; returns the rows of the list."""
        rows = list(rows)
        people = people_of(
            entra_ids={key for _at, key, _upn in rows}, app=self.app, names=self.names
        )
        told = []
        for at, key, upn in rows:
            self.kept["people"] += 1
            person = people.get(key)
            if person is None:
                verdict: Any = None
                reason = "claim_account_gone"
            else:
                verdict = decide(
                    person=person, rules=self._rules(at), offers=self.shelf.offers(self.seats)
                )
                reason = "" if isinstance(verdict, Grant) else verdict.reason
            product = self._take(verdict, at) if isinstance(verdict, Grant) else ""
            if reason:
                self._count_reason(reason, at)
            told.append(self._row(at, person.name if person else "", upn, product, reason))
        self.kept["free"] = {str(key): free for key, free in self.seats.free.items()}
        return told

    def _rules(self, at: datetime) -> Rules:
        today = at.astimezone(self.zone).date().isoformat()
        if self.kept["day"] != today:
            self.kept["day"], self.kept["given_today"] = today, 0
        cap = self.draft.daily_cap
        return Rules(
            app_plans=frozenset(self.app.plans),
            included=frozenset(self.draft.included),
            excluded=frozenset(self.draft.excluded),
            default_country=self.draft.default_country,
            left_today=None if cap is None else cap - self.kept["given_today"],
        )

    def _take(self, grant: Grant, at: datetime) -> str:
        self.seats.take(grant.product)
        self.kept["given"] += 1
        self.kept["given_today"] += 1
        mine = self.kept["products"].setdefault(str(grant.product), {"count": 0, "out_on": None})
        mine["count"] += 1
        if self.seats.free[grant.product] - self.shelf.reserve <= 0:
            mine["out_on"] = mine["out_on"] or self._day(at).isoformat()
        return self.shelf.products[grant.product].name

    def _count_reason(self, reason: str, at: datetime) -> None:
        self.kept["reasons"][reason] = self.kept["reasons"].get(reason, 0) + 1
        if reason == "claim_no_seat":
            self.kept["out_on"] = self.kept["out_on"] or self._day(at).isoformat()

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _row(self, at: datetime, name: str, upn: str, product: str, reason: str) -> list[str]:
        local = at.astimezone(self.zone).isoformat(sep=" ", timespec="seconds")
        return [local, name, upn, product, sentence(reason)]

    def result(self) -> dict[str, Any]:
        """What the page shows."""
        products = [
            {"name": self.shelf.products[int(key)].name, **figures}
            for key, figures in self.kept["products"].items()
        ]
        keys = ("sign_ins", "people", "given", "reasons", "out_on", "shown")
        return {**{key: self.kept[key] for key in keys}, "products": products}


def _nothing_yet(seats: Seats) -> dict[str, Any]:
    return {
        "after": None, "sign_ins": 0, "people": 0, "given": 0, "given_today": 0, "day": "",
        "products": {}, "reasons": {}, "out_on": None, "shown": [],
        "free": {str(key): free for key, free in seats.free.items()},
    }  # fmt: skip


def run_dry(run: Run) -> dict[str, Any]:
    """The work of a job of KIND: parameters draft (JSON), since and until."""
    given = run.job.parameters
    paper = Paper(draft_from(given["draft"]), run.job.checkpoint)
    since, until = parse_datetime(given["since"]), parse_datetime(given["until"])
    assert since and until
    if not run.job.total:
        period = SignIn.objects.filter(app=paper.app, at__gte=since, at__lt=until)
        run.step(total=period.count())
    while page := _page(paper, since, until):
        firsts = [(at, key, upn) for _id, at, key, upn, is_first in page if is_first]
        _read_unknown(run, {key for _at, key, _upn in firsts})
        told = paper.judge(firsts)
        paper.kept["sign_ins"] += len(page)
        paper.kept["after"] = [page[-1][1].isoformat(), page[-1][0]]
        paper.kept["shown"] = [*paper.kept["shown"], *told][:SHOWN]
        with transaction.atomic():
            is_begun = run.job.output_id is not None
            run.write(name="dry-run.csv", content=_csv(told, with_head=not is_begun), keep=KEEP)
            run.step(done=paper.kept["sign_ins"], checkpoint=paper.kept)
        run.pause_if_long()
    return paper.result()


def _page(paper: Paper, since: datetime, until: datetime) -> list[Any]:
    at, key = paper.kept["after"] or (since.isoformat(), 0)
    with connection.cursor() as cursor:
        cursor.execute(
            WALK,
            {
                "tenant": current_tenant_id(),
                "app": paper.app.pk,
                "since": since,
                "until": until,
                "at": parse_datetime(at),
                "id": key,
                "size": PAGE,
            },
        )
        return cursor.fetchall()


def _read_unknown(run: Run, people: set[UUID]) -> None:
    """Read whom the portal has never read; who cannot be read counts as not known."""
    known = set(Account.objects.filter(entra_id__in=people).values_list("entra_id", flat=True))
    unknown = sorted(people - known)
    cloud = cloud_of(current_tenant_id()) if unknown else None
    if cloud is None:
        return
    for start in range(0, len(unknown), READ_AT_ONCE):
        some = unknown[start : start + READ_AT_ONCE]
        try:
            read_accounts(cloud=cloud, entra_ids=some, now=timezone.now())
        except CloudError as error:
            raise JobFailed(sentence(error.reason)) from error
        run.step()


def _csv(rows: list[list[str]], *, with_head: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    if with_head:
        text.write("\N{ZERO WIDTH NO-BREAK SPACE}")
        writer.writerow([_("Time"), _("User"), _("User principal name"), _("Product"), _("Reason")])
    writer.writerows([neutralised(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
