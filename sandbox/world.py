"""The pretend organisations of the demo: who they are, whom they employ, what they pay for.

Data only, so that the demo reads like a company and changes in one place. All names are invented
or are the customary pretend companies; numbers are from ranges reserved for drama or not in use.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.permissions import Role

PASSWORD = "sandbox-portal-2026"  # noqa: S105 - printed for everybody, sandbox only
"""The password of every demo log-in. The demo exists only where SANDBOX is set."""

GB = 10**9


@dataclass(frozen=True)
class DemoPlan:
    name: str
    domestic_cap: int
    roaming_cap: int
    billing_day: int
    price: str
    is_default: bool = False


@dataclass(frozen=True)
class DemoCarrier:
    """`lines` is how many lines the demo puts on it; `prefix` starts their numbers."""

    name: str
    country: str
    time_zone: str
    networks: str
    prefix: str
    lines: int
    plans: tuple[DemoPlan, ...]


@dataclass(frozen=True)
class DemoTenant:
    slug: str
    name: str
    time_zone: str
    country: str
    logins: tuple[tuple[str, Role], ...]
    carriers: tuple[DemoCarrier, ...]


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
                lines=44,
                plans=(
                    DemoPlan("Business 5 GB", 5 * GB, 1 * GB, 1, "0.0100", is_default=True),
                    DemoPlan("Business 20 GB", 20 * GB, 5 * GB, 1, "0.0080"),
                ),
            ),
            DemoCarrier(
                name="Tailspin Telecom",
                country="BE",
                time_zone="Europe/Brussels",
                networks="206-91",
                prefix="+3246000",
                lines=16,
                plans=(DemoPlan("Pro 10 GB", 10 * GB, 2 * GB, 15, "0.0120", is_default=True),),
            ),
            DemoCarrier(
                name="Proseware Mobile",
                country="NL",
                time_zone="Europe/Amsterdam",
                networks="204-92",
                prefix="+3162000",
                lines=0,
                plans=(DemoPlan("Start 1 GB", 1 * GB, GB // 5, 1, "0.0150", is_default=True),),
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
                lines=24,
                plans=(DemoPlan("Entreprise 10 GB", 10 * GB, 2 * GB, 1, "0.0090", True),),
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
DEPARTMENTS = ("Sales", "Field service", "Finance", "Logistics", "Marketing", "Engineering")
ABROAD = ("DE", "BE", "FR", "ES", "IT", "GB", "US", "CH")
