"""What is read of a connected Microsoft tenant, and in which order. Pure."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORY, USER, GROUP, DEVICE = "category", "user", "group", "device"


@dataclass(frozen=True)
class Source:
    """Where a kind is read: the whole list, or the list of changes if there is one."""

    kind: str
    path: str
    select: str
    name: str = "displayName"
    size: int | None = None
    has_delta: bool = False
    not_facts: frozenset[str] = frozenset()

    @property
    def facts(self) -> list[str]:
        return [name for name in self.select.split(",") if name not in {"id", *self.not_facts}]


SOURCES = (
    Source(CATEGORY, "deviceManagement/deviceCategories", "id,displayName,description"),
    Source(
        USER,
        "users/delta",
        "displayName,userPrincipalName,mail,department,accountEnabled,userType",
        has_delta=True,
    ),
    Source(GROUP, "groups/delta", "displayName,description", has_delta=True),
    Source(
        DEVICE,
        "deviceManagement/managedDevices",
        "id,deviceName,operatingSystem,osVersion,model,manufacturer,serialNumber,imei,meid,udid,"
        "iccid,phoneNumber,subscriberCarrier,userPrincipalName,userDisplayName,"
        "deviceCategoryDisplayName,managedDeviceOwnerType,deviceEnrollmentType,managementAgent,"
        "complianceState,azureADDeviceId,lastSyncDateTime",
        name="deviceName",
        size=200,
        not_facts=frozenset({"lastSyncDateTime"}),
    ),
)
