"""The pretend organisations of the demo: who they are, whom they employ, what they pay for.

Data only, so that the demo reads like a company and changes in one place. All names are invented
or are the customary pretend companies; numbers are from ranges reserved for drama or not in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from common.permissions import Role
from usage.cycles import CycleRule

PASSWORD = "sandbox-portal-2026"  # noqa: S105 - printed for everybody, sandbox only
"""The password of every demo log-in. The demo exists only where SANDBOX is set."""

GB = 10**9
MB = 10**6
EVERY_DAY = CycleRule(kind="daily")
FORTNIGHT = CycleRule(kind="days", days=14, first_day=date(2026, 1, 5))


def monthly(day: int) -> CycleRule:
    return CycleRule(kind="monthly", billing_day=day)


@dataclass(frozen=True)
class DemoPlan:
    """`lines` is how many lines the demo puts on it; caps are in bytes, the price is per MB."""

    name: str
    lines: int
    domestic_cap: int
    roaming_cap: int
    cycle: CycleRule
    price: str
    is_default: bool = False


@dataclass(frozen=True)
class DemoCarrier:
    """`prefix` starts the numbers of its lines, which four digits end."""

    name: str
    country: str
    time_zone: str
    networks: str
    prefix: str
    plans: tuple[DemoPlan, ...]

    def numbers(self, plan: DemoPlan) -> Iterator[str]:
        """The numbers of the lines on that plan, one after the other."""
        before = sum(other.lines for other in self.plans[: self.plans.index(plan)])
        return (f"{self.prefix}{index:04d}" for index in range(before, before + plan.lines))


@dataclass(frozen=True)
class DemoTenant:
    slug: str
    name: str
    time_zone: str
    country: str
    logins: tuple[tuple[str, Role], ...]
    carriers: tuple[DemoCarrier, ...]

    @property
    def lines(self) -> int:
        return sum(plan.lines for carrier in self.carriers for plan in carrier.plans)


TENANTS = (
    DemoTenant(
        slug="contoso",
        name="Contoso",
        time_zone="Europe/Amsterdam",
        country="NL",
        logins=(
            ("alice", Role.GLOBAL_ADMINISTRATOR),
            ("dana", Role.INTUNE_ADMINISTRATOR),
            ("bob", Role.HELPDESK),
            ("rita", Role.REPORT_READER),
            ("arthur", Role.AUDITOR),
        ),
        carriers=(
            DemoCarrier(
                name="Northwind Mobile",
                country="NL",
                time_zone="Europe/Amsterdam",
                networks="204-91",
                prefix="+3161000",
                plans=(
                    DemoPlan("Business 5 GB", 90, 5 * GB, GB, monthly(1), "0.0100", True),
                    DemoPlan("Business 20 GB", 40, 20 * GB, 5 * GB, monthly(1), "0.0080"),
                    DemoPlan("Day bundle", 36, 400 * MB, 100 * MB, EVERY_DAY, "0.0200"),
                ),
            ),
            DemoCarrier(
                name="Tailspin Telecom",
                country="BE",
                time_zone="Europe/Brussels",
                networks="206-91",
                prefix="+3246000",
                plans=(DemoPlan("Pro 10 GB", 70, 10 * GB, 2 * GB, monthly(15), "0.0120", True),),
            ),
            DemoCarrier(
                name="Trey Mobilfunk",
                country="DE",
                time_zone="Europe/Berlin",
                networks="262-91",
                prefix="+491551000",
                plans=(DemoPlan("Team 8 GB", 60, 8 * GB, 2 * GB, monthly(8), "0.0110", True),),
            ),
            DemoCarrier(
                name="Proseware Mobile",
                country="NL",
                time_zone="Europe/Amsterdam",
                networks="204-92",
                prefix="+3162000",
                plans=(DemoPlan("Start 1 GB", 0, GB, GB // 5, monthly(1), "0.0150", True),),
            ),
        ),
    ),
    DemoTenant(
        slug="fabrikam",
        name="Fabrikam",
        time_zone="Europe/Paris",
        country="FR",
        logins=(("charlie", Role.GLOBAL_ADMINISTRATOR), ("chloe", Role.HELPDESK)),
        carriers=(
            DemoCarrier(
                name="Lucerne Mobile",
                country="FR",
                time_zone="Europe/Paris",
                networks="208-91",
                prefix="+3363998",
                plans=(
                    DemoPlan("Entreprise 10 GB", 90, 10 * GB, 2 * GB, monthly(1), "0.0090", True),
                    DemoPlan("Nomade 3 GB", 50, 3 * GB, GB, monthly(20), "0.0100"),
                    DemoPlan("Jour 300 MB", 24, 300 * MB, 100 * MB, EVERY_DAY, "0.0200"),
                ),
            ),
            DemoCarrier(
                name="Wingtip Móvil",
                country="ES",
                time_zone="Europe/Madrid",
                networks="214-91",
                prefix="+3460000",
                plans=(DemoPlan("Empresa 6 GB", 46, 6 * GB, GB, monthly(12), "0.0110", True),),
            ),
            DemoCarrier(
                name="Alpine Mobile",
                country="CH",
                time_zone="Europe/Zurich",
                networks="228-91",
                prefix="+4179900",
                plans=(DemoPlan("Flex 14 days", 30, 4 * GB, GB, FORTNIGHT, "0.0130", True),),
            ),
        ),
    ),
)

OPERATOR = "olga@operator.example"
BOTH = "alice@contoso.example"
"""Member of both tenants, so that the switcher has something to switch."""

FIRST_NAMES = [
    "Adele",
    "Amber",
    "Anouk",
    "Aziz",
    "Bart",
    "Bruno",
    "Carla",
    "Cem",
    "Daan",
    "Diego",
    "Eline",
    "Emre",
    "Fatima",
    "Femke",
    "Finn",
    "Hanna",
    "Hugo",
    "Ines",
    "Jens",
    "Jonas",
    "Julia",
    "Kaan",
    "Kim",
    "Lars",
    "Lena",
    "Lotte",
    "Luca",
    "Maja",
    "Malik",
    "Mees",
    "Mila",
    "Nadia",
    "Niels",
    "Noor",
    "Olaf",
    "Pablo",
    "Pia",
    "Quinten",
    "Rosa",
    "Ruben",
    "Sana",
    "Sem",
    "Sofie",
    "Tara",
    "Thijs",
    "Tom",
    "Ugo",
    "Vera",
    "Willem",
    "Yara",
    "Yusuf",
    "Zoë",
]
LAST_NAMES = [
    "Aalders",
    "Bakker",
    "Bianchi",
    "Bos",
    "Claes",
    "Demir",
    "Dijkstra",
    "Dubois",
    "Evers",
    "Fischer",
    "García",
    "Haddad",
    "Hansen",
    "Jacobs",
    "Janssen",
    "Kaya",
    "Koster",
    "Laurent",
    "Lopez",
    "Maas",
    "Meijer",
    "Moreau",
    "Nowak",
    "Okafor",
    "Peeters",
    "Petit",
    "Prins",
    "Rossi",
    "Santos",
    "Schouten",
    "Silva",
    "Smits",
    "Thomas",
    "Vermeer",
    "Visser",
    "Vos",
    "Wagner",
    "Willems",
    "Yilmaz",
    "Zwart",
]
DEPARTMENTS = {
    "Sales": "4100",
    "Field service": "4200",
    "Logistics": "4300",
    "Engineering": "5100",
    "Marketing": "5200",
    "Finance": "5300",
}
"""Departments and their cost centres."""
