"""Products (SKUs) and service plans with their real names and ids.

From Microsoft's published list "product names and service plan identifiers for licensing",
reduced to the plans that matter here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

PLANS = {
    "TEAMS1": "57ff2da0-773e-42df-b2af-ffb7a2317929",
    "MCO_TEAMS_IW": "42a3ec34-28ba-46b6-992f-db53a675ac5b",
    "TeamsEss": "f4f2f6de-6830-442b-a433-e92249faebe2",
    "EXCHANGE_S_STANDARD": "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
    "EXCHANGE_S_ENTERPRISE": "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "EXCHANGE_S_DESKLESS": "4a82b400-a79f-41a4-b4e2-e94f5787b113",
    "SHAREPOINTSTANDARD": "c7699d2e-19aa-44de-8edf-1736da088ca1",
    "SHAREPOINTENTERPRISE": "5dbe027f-2339-4123-9542-606e4d348a72",
    "SHAREPOINTDESKLESS": "902b47e5-dcb2-4fdc-858b-c63a90a2bdb9",
    "OFFICESUBSCRIPTION": "43de0ff5-c92c-492b-9116-175376d08c38",
    "INTUNE_A": "c1ec4a95-1f05-45b3-a911-aa3fa01094f5",
    "AAD_PREMIUM": "41781fb2-bc02-4b7c-bd55-b576c07bb09d",
    "AAD_PREMIUM_P2": "eec0eb4f-6444-4f95-aba0-50c24d67f998",
    "MCOEV": "4828c8ec-dc2e-4779-b502-87ac9ce28ab7",
    "SWAY": "a23b959c-7ce8-4e57-9140-b90eb88a9e97",
    "PROJECTWORKMANAGEMENT": "b737dad2-2f6c-4c65-90e3-ca563267e8b9",
    "YAMMER_ENTERPRISE": "7547a3fe-08ee-4ccb-b430-5077c5041653",
    "POWERAPPS_PER_USER": "ea2cf03b-ac60-46ae-9c1d-eeaeb63cec86",
    "FLOW_PER_USER": "c5002c70-f725-4367-b409-f0eff4fee6c0",
    "POWER_AUTOMATE_ATTENDED_RPA": "375cd0ad-c407-49fd-866a-0bff4f8a9a4d",
}
EXCLUSIVE = (
    {"EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_DESKLESS"},
    {"SHAREPOINTSTANDARD", "SHAREPOINTENTERPRISE", "SHAREPOINTDESKLESS"},
    {"TEAMS1", "TeamsEss"},
)
"""Families of plans of which a person holds at most one."""

TEAMS_DESKTOP = ("1fec8e78-bce4-4aaf-ab1b-5451cc387264", "Microsoft Teams")
TEAMS_WEB = ("5e3ce6c0-2b1f-4285-8d4b-75ee78787346", "Microsoft Teams Web Client")
POWER_APPS = ("4e291c71-d680-4d0e-9640-0a3358e31177", "PowerApps")
GRAPH_RESOURCE = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class Product:
    part_number: str
    sku_id: str
    plans: tuple[str, ...]


_COMMON = ("SWAY", "PROJECTWORKMANAGEMENT", "YAMMER_ENTERPRISE")
_SMALL = ("TEAMS1", "EXCHANGE_S_STANDARD", "SHAREPOINTSTANDARD")
_LARGE = ("TEAMS1", "EXCHANGE_S_ENTERPRISE", "SHAREPOINTENTERPRISE", "OFFICESUBSCRIPTION")
_SECURE = ("INTUNE_A", "AAD_PREMIUM")

PRODUCTS = {
    product.part_number: product
    for product in (
        Product("TEAMS_EXPLORATORY", "710779e8-3d4a-4c88-adb9-386c958d1fdf",
                ("MCO_TEAMS_IW", *_SMALL, *_COMMON)),
        Product("Teams_Ess", "fde42873-30b6-436b-b361-21af5a6b84ae", ("TeamsEss",)),
        Product("TEAMS_ESSENTIALS_AAD", "3ab6abff-666f-4424-bfb7-f0bc274ec7bc",
                ("TEAMS1", "EXCHANGE_S_DESKLESS")),
        Product("O365_BUSINESS_ESSENTIALS", "3b555118-da6a-4418-894f-7df1e2096870",
                (*_SMALL, *_COMMON)),
        Product("O365_BUSINESS_PREMIUM", "f245ecc8-75af-4f8e-b61f-27d8114de5f3",
                (*_SMALL, *_COMMON)),
        Product("SPB", "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", (*_SMALL, *_SECURE, *_COMMON)),
        Product("STANDARDPACK", "18181a46-0d4e-45cd-891e-60aabd171b4e", (*_SMALL, *_COMMON)),
        Product("ENTERPRISEPACK", "6fd2c87f-b296-42f0-b197-1e91e994b900", (*_LARGE, *_COMMON)),
        Product("ENTERPRISEPREMIUM", "c7df2760-2c81-4ef7-b578-5b5392b571df",
                (*_LARGE, "MCOEV", *_COMMON)),
        Product("SPE_F1", "66b55226-6b4f-492c-910c-a3b7a3c9d993",
                ("TEAMS1", "EXCHANGE_S_DESKLESS", "SHAREPOINTDESKLESS", *_SECURE, *_COMMON)),
        Product("SPE_E3", "05e9a617-0261-4cee-bb44-138d3ef5d965", (*_LARGE, *_SECURE, *_COMMON)),
        Product("SPE_E5", "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
                (*_LARGE, *_SECURE, "AAD_PREMIUM_P2", "MCOEV", *_COMMON)),
        Product("POWERAPPS_PER_USER", "b30411f5-fea1-4a59-9ad9-3db7c7ead579",
                ("POWERAPPS_PER_USER",)),
        Product("FLOW_PER_USER", "4a51bf65-409c-4a91-b845-1121b571cc9d", ("FLOW_PER_USER",)),
        Product("POWERAUTOMATE_ATTENDED_RPA", "eda1941c-3c4f-4995-b5eb-e85a42175ab9",
                ("POWER_AUTOMATE_ATTENDED_RPA",)),
    )
}  # fmt: skip


def subscribed(
    tenant_id: uuid.UUID, part_number: str, *, seats: int, account: str, warning: int = 0
) -> dict[str, Any]:
    """The body of a subscribedSku with nobody in its seats."""
    product = PRODUCTS[part_number]
    return {
        "id": f"{tenant_id}_{product.sku_id}",
        "accountId": str(tenant_id),
        "accountName": account,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": 0,
        "prepaidUnits": {"enabled": seats, "warning": warning, "suspended": 0, "lockedOut": 0},
        "servicePlans": [
            {
                "servicePlanId": PLANS[name],
                "servicePlanName": name,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
            for name in product.plans
        ],
        "skuId": product.sku_id,
        "skuPartNumber": part_number,
        "subscriptionIds": [str(uuid.uuid5(tenant_id, part_number))],
    }
