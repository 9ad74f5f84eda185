"""A Microsoft cloud in memory with the real one's rules, that does wrong when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from licensing.entitlements import clash
from licensing.ports import (
    AccountFacts,
    CloudGone,
    CloudRefused,
    SignInFacts,
)

PLANS = ("TEAMS1", "EXCHANGE_S_STANDARD", "SHAREPOINTSTANDARD", "SWAY")
TEAMS_DESKTOP = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
TEAMS_WEB = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"


def guid(name: str) -> UUID:
    """The same id for the same name, always."""
    return uuid5(NAMESPACE_URL, name)


class FakeCloud:
    """`faults` are raised by the next calls of `assign`, before it acts; `late` after it did."""

    def __init__(self) -> None:
        self.skus: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.faults: list[Exception] = []
        self.late: list[Exception] = []
        self.reading_faults: list[Exception] = []
        self.calls: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
        self.log: list[SignInFacts] = []
        self.asked: list[datetime] = []
        self._lock = threading.Lock()

    # --- furnishing ---------------------------------------------------------------------------

    def sell(
        self, part: str, seats: int, *, used: int = 0, plans: Iterable[str] = PLANS,
        status: str = "Enabled",
    ) -> str:  # fmt: skip
        sku = str(guid(part))
        self.skus[sku] = {
            "skuId": sku,
            "skuPartNumber": part,
            "capabilityStatus": status,
            "consumedUnits": used,
            "appliesTo": "User",
            "prepaidUnits": {"enabled": seats, "warning": 0, "suspended": 0, "lockedOut": 0},
            "servicePlans": [
                {"servicePlanId": str(guid(name)), "servicePlanName": name, "appliesTo": "User"}
                for name in plans
            ],
        }
        return sku

    def employ(self, name: str, **changes: Any) -> UUID:
        key = guid(f"user {name}")
        self.users[str(key)] = {
            "upn": f"{name}@contoso.example", "name": name.title(), "enabled": True,
            "is_member": True, "usage_location": "NL", "licences": {}, "groups": (), **changes,
        }  # fmt: skip
        return key

    def holders(self, sku: str) -> list[str]:
        return [key for key, user in self.users.items() if sku in user["licences"]]

    # --- licensing.ports.Cloud ----------------------------------------------------------------

    def products(self) -> list[dict[str, Any]]:
        self._may_fail(self.reading_faults)
        with self._lock:
            return [dict(body) for body in self.skus.values()]

    def accounts(self, ids: Collection[str]) -> list[AccountFacts]:
        self._may_fail(self.reading_faults)
        return [self._facts(key) for key in ids if key in self.users]

    def groups(self) -> list[tuple[str, str]]:
        return [("g-sales", "Sales"), ("g-temps", "Temps")]

    def sign_ins(self, *, since: datetime) -> Iterator[list[SignInFacts]]:
        self._may_fail(self.reading_faults)
        self.asked.append(since)
        yield [one for one in self.log if one.at >= since]

    def set_usage_location(self, entra_id: str, country: str) -> None:
        self.users[entra_id]["usage_location"] = country

    def assign(
        self, entra_id: str, *, add: Collection[tuple[str, list[str]]], remove: Collection[str]
    ) -> None:
        self._may_fail(self.faults)
        with self._lock:
            self.calls.append((entra_id, tuple(sku for sku, _off in add), tuple(remove)))
            if entra_id not in self.users:
                raise CloudGone
            user = self.users[entra_id]
            for sku in remove:
                if user["licences"].pop(sku, None) is None:
                    raise CloudRefused("not there")
                self.skus[sku]["consumedUnits"] -= 1
            for sku, off in add:
                self._add(user, sku, off)
        self._may_fail(self.late)

    def _add(self, user: dict[str, Any], sku: str, off: list[str]) -> None:
        body = self.skus[sku]
        if not user["usage_location"] or body["capabilityStatus"] != "Enabled":
            raise CloudRefused("location or state")
        held = frozenset().union(*(self._plans(k, v) for k, v in user["licences"].items()))
        if clash(held, self._plans(sku, off)):
            raise CloudRefused("clash")
        if sku not in user["licences"]:
            if body["consumedUnits"] >= body["prepaidUnits"]["enabled"]:
                raise CloudRefused("no seat")
            body["consumedUnits"] += 1
        user["licences"][sku] = list(off)

    def _plans(self, sku: str, off: list[str]) -> frozenset[str]:
        plans = self.skus[sku]["servicePlans"]
        return frozenset(p["servicePlanName"] for p in plans if p["servicePlanId"] not in off)

    def _facts(self, key: str) -> AccountFacts:
        user = self.users[key]
        return AccountFacts(
            entra_id=key,
            upn=user["upn"],
            name=user["name"],
            enabled=user["enabled"],
            is_member=user["is_member"],
            usage_location=user["usage_location"],
            licences=tuple(
                {"sku": sku, "off": list(off), "inherited": False}
                for sku, off in user["licences"].items()
            ),
            groups=tuple(user["groups"]),
        )

    @staticmethod
    def _may_fail(faults: list[Exception]) -> None:
        if faults:
            raise faults.pop(0)
