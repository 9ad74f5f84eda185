"""What the portal knows of a device, under the names that rules use."""

from __future__ import annotations

from devices.models import Device, DeviceState, GroupMember
from devices.rules import PROPERTIES, Facts, Kind, fold

MANUFACTURERS = {"ios": "Apple", "ipados": "Apple", "knox": "samsung"}
OS_TYPES = {"ios": "iOS", "ipados": "iPad"}
UNKNOWN_OWNER, COMPANY, PERSONAL = "Unknown", "Company", "Personal"


def facts_of(device: Device) -> Facts:
    """The facts of one device; its category is read with it. What is not known is left out.

    memberOf is not among them (see groups_of): it is asked only where a rule is tried.
    """
    return {
        "accountEnabled": device.state == DeviceState.MANAGED,
        "deviceCategory": device.category.name if device.category else None,
        "deviceManufacturer": MANUFACTURERS.get(device.platform),
        "deviceModel": device.model,
        "deviceOSType": _os_type(device),
        "deviceOSVersion": device.os_version,
        "deviceOwnership": _ownership(device),
        "displayName": device.name,
        "managementType": "MDM" if device.state == DeviceState.MANAGED else None,
        "profileType": "RegisteredDevice",
    }


def groups_of(device: Device) -> tuple[str, ...]:
    """The object ids of the groups a device is in now."""
    found = GroupMember.objects.filter(device=device, left_at=None)
    return tuple(str(value) for value in found.values_list("group__object_id", flat=True))


def folded(facts: Facts) -> dict[str, object]:
    """The facts as the columns of DeviceFacts keep them, unknown ones empty."""
    row: dict[str, object] = {"extension_attributes": [None] * 15}
    extensions = [facts.get(f"extensionAttribute{n}") for n in range(1, 16)]
    row["extension_attributes"] = [fold(str(text)) if text else None for text in extensions]
    for item in PROPERTIES.values():
        fact = facts.get(item.name)
        if item.kind == Kind.TEXT and "[" not in item.column:
            row[item.column] = fold(str(fact)) if fact else None
        elif item.kind == Kind.BOOLEAN:
            row[item.column] = fact
        elif item.kind == Kind.COLLECTION:
            row[item.column] = [fold(text) for text in fact] if isinstance(fact, tuple) else []
    return row


def _os_type(device: Device) -> str | None:
    if device.platform in ("knox", "android"):
        return "AndroidForWork" if device.management_mode == "PO" else "AndroidEnterprise"
    return OS_TYPES.get(device.platform)


def _ownership(device: Device) -> str:
    if device.category is None:
        return UNKNOWN_OWNER
    return PERSONAL if device.category.is_personal else COMPANY
