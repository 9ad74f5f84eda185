"""Objects with every property that Graph answers for them, in Graph's names, types and enums."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

INTUNE_APP = "0000000a-0000-0000-c000-000000000000"


def stamp(at: datetime) -> str:
    """A DateTimeOffset as Graph writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def user_body(
    *,
    key: uuid.UUID,
    name: str,
    principal: str,
    department: str,
    location: str | None,
    phone: str = "",
    enabled: bool = True,
    guest: bool = False,
    created: str = "2021-02-01T09:00:00Z",
) -> dict[str, Any]:
    given, _space, surname = name.partition(" ")
    return {
        "id": str(key),
        "accountEnabled": enabled,
        "assignedLicenses": [],
        "assignedPlans": [],
        "businessPhones": [],
        "createdDateTime": created,
        "department": department,
        "displayName": name,
        "givenName": given,
        "jobTitle": None,
        "licenseAssignmentStates": [],
        "mail": principal,
        "mobilePhone": phone or None,
        "officeLocation": None,
        "preferredLanguage": None,
        "signInActivity": None,
        "surname": surname,
        "usageLocation": location,
        "userPrincipalName": principal,
        "userType": "Guest" if guest else "Member",
    }


def group_body(*, key: uuid.UUID, name: str, description: str, rule: str = "") -> dict[str, Any]:
    return {
        "id": str(key),
        "createdDateTime": "2021-02-01T09:00:00Z",
        "description": description,
        "displayName": name,
        "groupTypes": ["DynamicMembership"] if rule else [],
        "mail": None,
        "mailEnabled": False,
        "mailNickname": name.lower().replace(" ", "-"),
        "membershipRule": rule or None,
        "membershipRuleProcessingState": "On" if rule else None,
        "securityEnabled": True,
        "visibility": None,
    }


def device_body(*, key: uuid.UUID, managed: dict[str, Any]) -> dict[str, Any]:
    """The Entra device behind an Intune one."""
    return {
        "id": str(key),
        "accountEnabled": True,
        "approximateLastSignInDateTime": managed["lastSyncDateTime"],
        "deviceCategory": managed["deviceCategoryDisplayName"],
        "deviceId": managed["azureADDeviceId"],
        "deviceOwnership": managed["managedDeviceOwnerType"].title(),
        "displayName": managed["deviceName"],
        "enrollmentProfileName": None,
        "isCompliant": True,
        "isManaged": True,
        "isRooted": False,
        "managementType": "MDM",
        "manufacturer": managed["manufacturer"],
        "mdmAppId": INTUNE_APP,
        "model": managed["model"],
        "operatingSystem": managed["operatingSystem"],
        "operatingSystemVersion": managed["osVersion"],
        "physicalIds": [],
        "profileType": "RegisteredDevice",
        "systemLabels": [],
        "trustType": "Workplace",
    }


def managed_device_body(
    *,
    key: uuid.UUID,
    name: str,
    system: str,
    version: str,
    model: str,
    manufacturer: str,
    serial: str,
    imei: str,
    iccid: str,
    phone: str,
    carrier: str,
    category: str,
    user: dict[str, Any] | None,
    synced: datetime,
    udid: str = "",
) -> dict[str, Any]:
    """`system` is iOS, iPadOS or Android; the rest follows from it."""
    apple = system != "Android"
    kind = {"iOS": "iPhone", "iPadOS": "iPad"}.get(system, "androidEnterprise")
    return {
        "id": str(key),
        "userId": user["id"] if user else "",
        "deviceName": name,
        "managedDeviceName": f"{name}_{serial}",
        "managedDeviceOwnerType": "personal" if category == "Personal" else "company",
        "managementState": "managed",
        "enrolledDateTime": "2024-05-06T07:08:09Z",
        "lastSyncDateTime": stamp(synced),
        "operatingSystem": system,
        "osVersion": version,
        "deviceType": kind,
        "complianceState": "compliant",
        "complianceGracePeriodExpirationDateTime": "9999-12-31T23:59:59Z",
        "managementAgent": "mdm" if apple else "googleCloudDevicePolicyController",
        "deviceEnrollmentType": "appleBulkWithUser" if apple else "unknown",
        "deviceRegistrationState": "registered",
        "deviceCategoryDisplayName": category,
        "isSupervised": apple,
        "isEncrypted": True,
        "jailBroken": "False",
        "emailAddress": user["mail"] if user else "",
        "userPrincipalName": user["userPrincipalName"] if user else "",
        "userDisplayName": user["displayName"] if user else "",
        "model": model,
        "manufacturer": manufacturer,
        "serialNumber": serial,
        "imei": imei,
        "meid": "",
        "udid": udid or None,
        "iccid": iccid,
        "phoneNumber": phone,
        "subscriberCarrier": carrier,
        "androidSecurityPatchLevel": "" if apple else "2026-09-05",
        "azureADDeviceId": str(uuid.uuid5(key, "entra")),
        "azureADRegistered": True,
        "easActivated": False,
        "notes": None,
        "deviceActionResults": [],
        "freeStorageSpaceInBytes": 64_000_000_000,
        "totalStorageSpaceInBytes": 128_000_000_000,
        "wiFiMacAddress": "",
    }


def category_body(*, key: uuid.UUID, name: str, description: str) -> dict[str, Any]:
    return {"id": str(key), "displayName": name, "description": description}


def configuration_body(*, key: uuid.UUID, name: str, apple: bool) -> dict[str, Any]:
    common = {
        "id": str(key),
        "displayName": name,
        "description": "",
        "version": 1,
        "createdDateTime": "2023-04-05T06:07:08Z",
        "lastModifiedDateTime": "2024-04-05T06:07:08Z",
    }
    if apple:
        return {
            "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
            **common,
            "cellularBlockDataRoaming": True,
            "cellularBlockPersonalHotspot": False,
            "cellularBlockGlobalBackgroundFetchWhileRoaming": True,
            "cellularBlockPerAppDataModification": False,
        }
    return {
        "@odata.type": "#microsoft.graph.androidGeneralDeviceConfiguration",
        **common,
        "cellularBlockDataRoaming": True,
        "cellularBlockVoiceRoaming": False,
        "cellularBlockMessaging": False,
        "cellularBlockWiFiTethering": False,
    }


def app_body(
    *, key: uuid.UUID, name: str, publisher: str, bundle: str, apple: bool
) -> dict[str, Any]:
    store = (
        f"https://apps.apple.com/app/id{bundle}"
        if apple
        else f"https://play.google.com/store/apps/details?id={bundle}"
    )
    body: dict[str, Any] = {
        "@odata.type": f"#microsoft.graph.{'iosStoreApp' if apple else 'androidStoreApp'}",
        "id": str(key),
        "displayName": name,
        "description": "",
        "publisher": publisher,
        "largeIcon": None,
        "createdDateTime": "2023-04-05T06:07:08Z",
        "lastModifiedDateTime": "2024-04-05T06:07:08Z",
        "isFeatured": False,
        "privacyInformationUrl": None,
        "informationUrl": None,
        "owner": "",
        "developer": "",
        "notes": "",
        "publishingState": "published",
        "appStoreUrl": store,
    }
    if apple:
        body["bundleId"] = f"app.{bundle}"
        body["applicableDeviceType"] = {"iPad": True, "iPhoneAndIPod": True}
        body["minimumSupportedOperatingSystem"] = {"v8_0": False, "v13_0": True, "v14_0": False}
    else:
        body["packageId"] = bundle
        body["minimumSupportedOperatingSystem"] = {"v8_0": True, "v10_0": False}
    return body


def assignment_body(
    *, key: uuid.UUID, group: str, intent: str | None, odata: str
) -> dict[str, Any]:
    """Of an app (with an intent) or of a configuration (without)."""
    body: dict[str, Any] = {
        "@odata.type": f"#microsoft.graph.{odata}",
        "id": str(key),
        "target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group},
    }
    if intent is not None:
        body["intent"] = intent
        body["settings"] = None
    return body


def sign_in_body(
    *,
    key: uuid.UUID,
    at: datetime,
    user: dict[str, Any],
    app: tuple[str, str],
    error: int = 0,
    interactive: bool = True,
    country: str = "NL",
) -> dict[str, Any]:
    failure = "Other." if error == 0 else "Error validating credentials."
    return {
        "id": str(key),
        "createdDateTime": stamp(at),
        "userId": user["id"],
        "userPrincipalName": user["userPrincipalName"],
        "userDisplayName": user["displayName"],
        "appId": app[0],
        "appDisplayName": app[1],
        "resourceId": "00000003-0000-0000-c000-000000000000",
        "resourceDisplayName": "Microsoft Graph",
        "isInteractive": interactive,
        "clientAppUsed": "Mobile Apps and Desktop clients",
        "ipAddress": "203.0.113.7",
        "correlationId": str(uuid.uuid5(key, "correlation")),
        "conditionalAccessStatus": "notApplied",
        "appliedConditionalAccessPolicies": [],
        "status": {
            "errorCode": error,
            "failureReason": failure,
            "additionalDetails": None,
        },
        "deviceDetail": {
            "deviceId": "",
            "displayName": "",
            "operatingSystem": "Ios",
            "browser": "",
            "isCompliant": False,
            "isManaged": False,
            "trustType": "",
        },
        "location": {
            "city": "Rotterdam",
            "state": "Zuid-Holland",
            "countryOrRegion": country,
            "geoCoordinates": {"altitude": None, "latitude": 51.92, "longitude": 4.48},
        },
        "riskDetail": "none",
        "riskLevelAggregated": "none",
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "riskEventTypes_v2": [],
    }
