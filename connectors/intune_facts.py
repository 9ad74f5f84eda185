"""What Intune says of a managed device, in the portal's own words. Pure: no clock, no database.

Names and enumerations are Graph's (managedDevice: operatingSystem, deviceEnrollmentType,
managementAgent, managedDeviceOwnerType). What cannot be what it says it is - an IMEI whose
check digit is wrong, a version with letters - is taken as not said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devices.simulated_models import luhn_digit

_VERSION = re.compile(r"\d+(?:\.\d+){0,3}")
_NO_SERIAL = {"", "0", "unknown", "none", "n/a", "defaultstring", "default string"}
_ANDROID_MODES = {
    "androidEnterpriseFullyManaged": "DO",
    "androidEnterpriseDedicatedDevice": "DO",
    "androidEnterpriseCorporateWorkProfile": "COPE",
}
_OWN_BY_APPLE = {"appleUserEnrollment", "appleUserEnrollmentWithServiceAccount"}


@dataclass(frozen=True)
class ManagedDevice:
    """The device, what it is for, and the number of its SIM; unknown is empty."""

    name: str
    platform: str
    model: str
    os_version: str
    serial: str
    imei: str
    udid: str
    management_mode: str
    has_mobile_radio: bool
    category: str
    is_personal: bool
    iccid: str


def managed_device(facts: Mapping[str, Any]) -> ManagedDevice:
    """The portal's view of Graph's managedDevice."""

    def said(name: str, length: int = 200) -> str:
        return str(facts.get(name) or "").replace("\0", "").strip()[:length]

    platform = _platform(said("operatingSystem"), said("manufacturer"), said("model"))
    is_personal = said("managedDeviceOwnerType") == "personal"
    serial, imei = said("serialNumber", 41), _imei(said("imei"))
    if len(serial) > 40 or serial.lower() in _NO_SERIAL:
        serial = ""
    iccid = _iccid(said("iccid"))
    return ManagedDevice(
        name=said("deviceName", 120) or serial or imei or said("model", 120) or "?",
        platform=platform,
        model=said("model", 80),
        os_version=_version(said("osVersion")),
        serial=serial,
        imei=imei,
        udid=said("udid", 40),
        management_mode=_mode(
            platform,
            said("deviceEnrollmentType"),
            system=said("operatingSystem").lower(),
            agent=said("managementAgent"),
            is_personal=is_personal,
        ),
        has_mobile_radio=platform in {"ios", "knox", "android"}
        or bool(imei or said("meid") or iccid or said("phoneNumber")),
        category=said("deviceCategoryDisplayName", 80),
        is_personal=is_personal,
        iccid=iccid,
    )


def _platform(system: str, maker: str, model: str) -> str:
    system = system.lower()
    if system.startswith("ipados") or (system == "ios" and model.startswith("iPad")):
        return "ipados"
    if system.startswith("ios"):
        return "ios"
    if system.startswith("android"):
        return "knox" if maker.lower() == "samsung" else "android"
    return "other"


def _mode(platform: str, enrolment: str, *, system: str, agent: str, is_personal: bool) -> str:
    """How it is managed, as devices.refusals asks for it.

    Android Enterprise is managed by Google's controller, or says so in the system's name.
    """
    if platform in {"ios", "ipados"}:
        return "user" if enrolment in _OWN_BY_APPLE else "device"
    if platform not in {"knox", "android"}:
        return "device"
    if enrolment in _ANDROID_MODES:
        return _ANDROID_MODES[enrolment]
    if system.startswith("androidforwork"):
        return "PO"
    if system.startswith("androidenterprise") or agent == "googleCloudDevicePolicyController":
        return "PO" if is_personal else "DO"
    return "DA"


def _version(text: str) -> str:
    """The version without what follows its digits, as in 10.0.26100.1 or 14 (patched)."""
    found = _VERSION.match(text)
    return found[0][:20] if found else ""


def _imei(text: str) -> str:
    digits = re.sub(r"[\s./-]", "", text)
    if not re.fullmatch(r"[0-9]{15}", digits) or not digits.strip("0"):
        return ""
    return digits if luhn_digit(digits[:14]) == digits[14] else ""


def _iccid(text: str) -> str:
    digits = re.sub(r"[\s.-]", "", text)
    return digits if re.fullmatch(r"[0-9]{18,20}", digits) else ""


def same_sim(one: str, other: str) -> bool:
    """Whether two ICCIDs are one; carriers print them with and without the check digit."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) and len(longer) - len(shorter) <= 1
