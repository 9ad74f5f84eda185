"""What a rule may ask of a device: the properties, their kinds, and how text is compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a property holds."""

    TEXT = "text"
    BOOLEAN = "boolean"
    COLLECTION = "collection"
    GROUPS = "groups"


@dataclass(frozen=True)
class Property:
    """`name` is the canonical spelling; `column` is where the folded value is stored (SQL)."""

    name: str
    kind: Kind
    column: str


def _text(name: str, column: str) -> Property:
    return Property(name, Kind.TEXT, column)


_ALL = (
    Property("accountEnabled", Kind.BOOLEAN, "account_enabled"),
    _text("deviceCategory", "category"),
    _text("deviceId", "entra_device_id"),
    _text("deviceManagementAppId", "management_app_id"),
    _text("deviceManufacturer", "manufacturer"),
    _text("deviceModel", "model"),
    _text("deviceOSType", "os_type"),
    _text("deviceOSVersion", "os_version"),
    _text("deviceOwnership", "ownership"),
    Property("devicePhysicalIds", Kind.COLLECTION, "physical_ids"),
    _text("deviceTrustType", "trust_type"),
    _text("displayName", "display_name"),
    _text("enrollmentProfileName", "enrollment_profile"),
    *(_text(f"extensionAttribute{n}", f"extension_attributes[{n}]") for n in range(1, 16)),
    Property("isRooted", Kind.BOOLEAN, "is_rooted"),
    _text("managementType", "management_type"),
    Property("memberOf", Kind.GROUPS, ""),
    _text("objectId", "object_id"),
    _text("profileType", "profile_type"),
    Property("systemLabels", Kind.COLLECTION, "system_labels"),
)
PROPERTIES: dict[str, Property] = {item.name.lower(): item for item in _ALL}
"""By lower-case name: Microsoft's own pages disagree on the case, so any is accepted."""

WITHDRAWN = frozenset({"organizationalunit"})
"""Known once, recognised no more: no device would ever match."""

TEXT_OPERATORS = (
    "-eq",
    "-ne",
    "-startsWith",
    "-notStartsWith",
    "-endsWith",
    "-notEndsWith",
    "-contains",
    "-notContains",
    "-match",
    "-notMatch",
    "-in",
    "-notIn",
)
QUANTIFIERS = ("-any", "-all")
OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: TEXT_OPERATORS,
    Kind.BOOLEAN: ("-eq", "-ne"),
    Kind.COLLECTION: (*QUANTIFIERS, *TEXT_OPERATORS),
    Kind.GROUPS: ("-any",),
}
NEGATIONS = {
    "-ne": "-eq",
    "-notStartsWith": "-startsWith",
    "-notEndsWith": "-endsWith",
    "-notContains": "-contains",
    "-notMatch": "-match",
    "-notIn": "-in",
}
"""Each is the exact opposite of the other, so a missing value satisfies it."""


def fold(text: str) -> str:
    """Text as it is compared: without case. What is stored for SQL is folded by this, too.

    Lower case, not Python's casefold(): a pattern with an ß must find it. A sigma at the end of
    a word is like any other.
    """
    return text.lower().replace("ς", "σ")
