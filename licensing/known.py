"""What products, service plans and apps are called, and which application ids an app signs in by.

Facts from Microsoft's list "product names and service plan identifiers for licensing" and from
sign-in logs. Part numbers mislead (O365_BUSINESS_PREMIUM is Business Standard), and Graph has no
readable names at all; a product that is not here shows its part number.
"""

from __future__ import annotations

from dataclasses import dataclass

PRODUCT_NAMES = {
    "TEAMS_EXPLORATORY": "Microsoft Teams Exploratory",
    "Teams_Ess": "Microsoft Teams Essentials",
    "TEAMS_ESSENTIALS_AAD": "Microsoft Teams Essentials (AAD Identity)",
    "O365_BUSINESS_ESSENTIALS": "Microsoft 365 Business Basic",
    "O365_BUSINESS_PREMIUM": "Microsoft 365 Business Standard",
    "SPB": "Microsoft 365 Business Premium",
    "STANDARDPACK": "Office 365 E1",
    "ENTERPRISEPACK": "Office 365 E3",
    "ENTERPRISEPREMIUM": "Office 365 E5",
    "SPE_F1": "Microsoft 365 F3",
    "SPE_E3": "Microsoft 365 E3",
    "SPE_E5": "Microsoft 365 E5",
    "POWERAPPS_PER_USER": "Power Apps Premium",
    "FLOW_PER_USER": "Power Automate per user plan",
    "POWERAUTOMATE_ATTENDED_RPA": "Power Automate Premium",
}
PLAN_NAMES = {
    "TEAMS1": "Microsoft Teams",
    "MCO_TEAMS_IW": "Microsoft Teams (Exploratory)",
    "TeamsEss": "Teams Essentials",
    "EXCHANGE_S_STANDARD": "Exchange Online (Plan 1)",
    "EXCHANGE_S_ENTERPRISE": "Exchange Online (Plan 2)",
    "EXCHANGE_S_DESKLESS": "Exchange Online Kiosk",
    "SHAREPOINTSTANDARD": "SharePoint (Plan 1)",
    "SHAREPOINTENTERPRISE": "SharePoint (Plan 2)",
    "SHAREPOINTDESKLESS": "SharePoint Kiosk",
    "OFFICESUBSCRIPTION": "Microsoft 365 Apps",
    "INTUNE_A": "Microsoft Intune Plan 1",
    "AAD_PREMIUM": "Microsoft Entra ID P1",
    "AAD_PREMIUM_P2": "Microsoft Entra ID P2",
    "MCOEV": "Microsoft 365 Phone System",
    "SWAY": "Sway",
    "PROJECTWORKMANAGEMENT": "Microsoft Planner",
    "YAMMER_ENTERPRISE": "Yammer Enterprise",
    "POWERAPPS_PER_USER": "Power Apps per user",
    "FLOW_PER_USER": "Power Automate per user",
    "POWER_AUTOMATE_ATTENDED_RPA": "Power Automate RPA Attended",
}


@dataclass(frozen=True)
class KnownApp:
    """An auto-claim app: the service plans any of which makes it usable, and its ids."""

    name: str
    plans: tuple[str, ...]
    app_ids: tuple[str, ...]


APPS = (
    KnownApp(
        "Microsoft Teams",
        ("TEAMS1", "MCO_TEAMS_IW", "TeamsEss"),
        ("1fec8e78-bce4-4aaf-ab1b-5451cc387264", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"),
    ),
    KnownApp("Power Apps", ("POWERAPPS_PER_USER",), ("4e291c71-d680-4d0e-9640-0a3358e31177",)),
    KnownApp("Power Automate per User Plan", ("FLOW_PER_USER",), ()),
    KnownApp("Power Automate RPA Attended", ("POWER_AUTOMATE_ATTENDED_RPA",), ()),
)
"""Power Automate's two apps share their ids: an administrator says which app a sign-in is for."""
