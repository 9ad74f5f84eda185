"""Usage of a period, summed by line, person, group, cost centre, carrier, country, zone or day.

All of it comes from the day counters, found by their index on days, with the figures that drive
the limits of each carrier. Sums are made per line first, since what is joined behind is dear only
where three million counters meet it. Names are looked up for the rows of the page alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Model

from common.figure_tables import Asked, Figures
from common.tenancy import current_tenant_id
from tenants.models import PeopleGroup, Person
from usage.models import Carrier, Line, Zone
from usage.queries.personal_lines import PERSONAL

_AT_ONCE = 2_000
_OWNER = """
LEFT JOIN usage_lineperson lp ON lp.tenant_id = c.tenant_id AND lp.line_id = c.line_id
 AND (lp.linked_at AT TIME ZONE r.time_zone)::date <= c.day
 AND (lp.unlinked_at IS NULL OR (lp.unlinked_at AT TIME ZONE r.time_zone)::date > c.day)
"""
_IN_GROUP = """
LEFT JOIN LATERAL (
    SELECT m.group_id FROM tenants_peoplegroupmember m
    JOIN tenants_peoplegroup g ON g.id = m.group_id AND g.retired_at IS NULL
    WHERE m.tenant_id = c.tenant_id AND m.person_id = lp.person_id
    ORDER BY g.position LIMIT 1
) pg ON true
"""
_ZONE = """
LEFT JOIN usage_lineplan pl
  ON pl.tenant_id = c.tenant_id AND pl.line_id = c.line_id AND pl.unlinked_at IS NULL
LEFT JOIN usage_zonecountry zc
  ON zc.tenant_id = c.tenant_id AND zc.plan_id = pl.plan_id AND zc.country = c.country
 AND c.country <> r.country
 AND (zc.valid_from IS NULL OR zc.valid_from <= c.day)
 AND (zc.valid_to IS NULL OR zc.valid_to >= c.day)
LEFT JOIN usage_zone z ON z.tenant_id = c.tenant_id AND z.id = zc.zone_id
"""
_REST = """
LEFT JOIN usage_zone rest
  ON rest.tenant_id = c.tenant_id AND rest.plan_id = pl.plan_id AND rest.is_rest_of_world
"""
HOME, NO_ZONE = "home", "none"
"""Keys of what no zone is about: use in the carrier's own country, and abroad without zones."""

KEYS = {
    "line": ("c.line_id", "bigint"),
    "person": ("lp.person_id", "bigint"),
    "group": ("pg.group_id", "bigint"),
    "cost_centre": ("l.cost_centre", "text"),
    "carrier": ("l.carrier_id", "bigint"),
    "country": ("c.country", "text"),
    "zone": (
        f"CASE WHEN c.country = r.country THEN '{HOME}'"
        f" ELSE coalesce('z' || coalesce(z.name, rest.name), '{NO_ZONE}') END",
        "text",
    ),
    "day": ("c.day", "date"),
}
"""What usage is summed by: the key of a counter, and its type."""
SUMS = """
WITH per_line AS (
    SELECT c.line_id, {key} AS key,
           sum(c.volume) FILTER (WHERE {is_home}) AS domestic,
           sum(c.volume) FILTER (WHERE NOT ({is_home})) AS roaming
    FROM usage_usagecounter c
    JOIN usage_line l ON l.tenant_id = c.tenant_id AND l.id = c.line_id
    JOIN usage_carrier r
      ON r.tenant_id = l.tenant_id AND r.id = l.carrier_id AND r.drives_limits = c.source
    {joins}
    WHERE c.tenant_id = %(tenant)s AND l.tenant_id = %(tenant)s AND r.tenant_id = %(tenant)s
      AND c.day BETWEEN %(first)s AND %(last)s {conditions}
    GROUP BY 1, 2
), sums AS (
    SELECT key, coalesce(sum(domestic), 0)::bigint AS domestic,
           coalesce(sum(roaming), 0)::bigint AS roaming,
           (coalesce(sum(domestic), 0) + coalesce(sum(roaming), 0))::bigint AS total,
           count(*) AS lines
    FROM per_line GROUP BY key
)
SELECT s.key, s.domestic, s.roaming, s.total, s.lines,
       count(*) OVER (), (sum(s.domestic) OVER ())::bigint, (sum(s.roaming) OVER ())::bigint
FROM sums s {names}
ORDER BY {order}
"""
_NAMES = {
    "line": "LEFT JOIN usage_line n ON n.id = s.key",
    "person": "LEFT JOIN tenants_person n ON n.id = s.key",
    "group": "LEFT JOIN tenants_peoplegroup n ON n.id = s.key",
    "carrier": "LEFT JOIN usage_carrier n ON n.id = s.key",
}
_NAME = {"line": "n.label", "person": "n.name", "group": "n.name", "carrier": "n.name"}
_ORDERS = {"domestic": "s.domestic", "roaming": "s.roaming", "total": "s.total", "lines": "s.lines"}


@dataclass(frozen=True)
class UsageRow:
    """Bytes of one line, person, ... `key` is its id, code, name or day; None where there is none.

    `person` is the present holder of a line.
    """

    key: Any
    name: str
    domestic: int
    roaming: int
    total: int
    lines: int
    person: str = ""


@dataclass(frozen=True)
class UsagePage:
    """Rows of a page, how many there are in all, and the bytes of all of them."""

    rows: tuple[UsageRow, ...]
    count: int
    domestic: int
    roaming: int


def usage_by(by: str, asked: Asked, *, sees_personal: bool) -> Figures:
    """The page `asked` for: `filters` hold `first` and `last` (days, both included), and may hold
    `carrier`, `country`, `cost_centre`, `group`, `where` (home or abroad) and `lines` (ids).
    """
    statement, parameters = _statement(by, asked, sees_personal=sees_personal)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found = cursor.fetchall()
    if not found:
        return Figures((), 0, {"domestic": 0, "roaming": 0})
    count, domestic, roaming = found[0][5:]
    return Figures(_named(by, found), count, {"domestic": domestic, "roaming": roaming})


def usage_rows(by: str, asked: Asked, *, sees_personal: bool) -> Iterator[UsageRow]:
    """All rows, for an export: read as they are sent."""
    statement, parameters = _statement(by, asked, sees_personal=sees_personal)
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        while found := cursor.fetchmany(_AT_ONCE):
            yield from _named(by, found)


def _statement(by: str, asked: Asked, *, sees_personal: bool) -> tuple[str, dict[str, Any]]:
    key, kind = KEYS[by]
    filters = asked.filters
    with_zones = by == "zone" or Zone.objects.filter(is_extended_domestic=True).exists()
    in_group = by == "group" or "group" in filters
    joins = {
        _ZONE: with_zones,
        _REST: by == "zone",
        _OWNER: in_group or by == "person",
        _IN_GROUP: in_group,
    }
    home = "c.country = r.country"
    statement = SUMS.format(
        key=f"({key})::{kind}",
        is_home=f"{home} OR coalesce(z.is_extended_domestic, false)" if with_zones else home,
        joins="".join(join for join, needed in joins.items() if needed),
        conditions=_conditions(filters, sees_personal=sees_personal),
        names=_NAMES.get(by, ""),
        order=_order(by, asked),
    )
    parameters = {
        **{name: _plain(value) for name, value in filters.items()},
        "tenant": current_tenant_id(),
    }
    if asked.wanted is not None:
        statement += " LIMIT %(wanted)s OFFSET %(start)s"
        parameters |= {"wanted": asked.wanted, "start": asked.start}
    return statement, parameters


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


def _conditions(filters: Mapping[str, Any], *, sees_personal: bool) -> str:
    known = {
        "carrier": "AND l.carrier_id = %(carrier)s",
        "country": "AND c.country = %(country)s",
        "cost_centre": "AND l.cost_centre = %(cost_centre)s",
        "group": "AND pg.group_id = %(group)s",
        "lines": "AND c.line_id = ANY(%(lines)s)",
    }
    parts = [known[name] for name in filters if name in known]
    if where := filters.get("where"):
        parts.append(f"AND c.country {'=' if where == 'home' else '<>'} r.country")
    if not sees_personal:
        parts.append(f"AND c.line_id NOT IN ({PERSONAL})")
    return " ".join(parts)


def _order(by: str, asked: Asked) -> str:
    """By what was asked, then by what is unique; rows without a name come last."""
    direction = "DESC" if asked.descending else "ASC"
    first = _ORDERS.get(asked.order) or _NAME.get(by, "s.key")
    return f"{first} {direction} NULLS LAST, s.key {direction} NULLS LAST"


def _named(by: str, found: list[tuple[Any, ...]]) -> tuple[UsageRow, ...]:
    keys = [row[0] for row in found]
    names, people = _names(by, keys), _holders(keys) if by == "line" else {}
    return tuple(
        UsageRow(
            key=key,
            name=names.get(key, ""),
            domestic=domestic,
            roaming=roaming,
            total=total,
            lines=lines,
            person=people.get(key, ""),
        )
        for key, domestic, roaming, total, lines, *_all in found
    )


def _names(by: str, keys: list[Any]) -> dict[Any, str]:
    sources: dict[str, tuple[type[Model], str]] = {
        "line": (Line, "label"),
        "person": (Person, "name"),
        "group": (PeopleGroup, "name"),
        "carrier": (Carrier, "name"),
    }
    if by not in sources:
        return {key: _told(key) for key in keys if key is not None}
    model, field = sources[by]
    return dict(model._default_manager.filter(pk__in=keys).values_list("pk", field))


def _told(key: Any) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)


def _holders(keys: list[int]) -> dict[int, str]:
    links = Line.objects.filter(pk__in=keys, person_links__unlinked_at=None)
    return dict(links.exclude(person_links=None).values_list("pk", "person_links__person__name"))
