"""The applications that the pretend cloud knows from the start, and their published secrets.

Plain constants without Django, because the portal's settings name them as its own registrations
wherever SANDBOX is set. They open nothing but the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass

# Each is asked for because of a call of the portal; docs/guide/microsoft.md says which.
CONNECTION_ROLES = (
    "DeviceManagementServiceConfig.ReadWrite.All",
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementApps.ReadWrite.All",
    "Organization.Read.All",
    "User.ReadWrite.All",
    "Group.Read.All",
    "Device.Read.All",
    "AuditLog.Read.All",
    "Directory.Read.All",
    "LicenseAssignment.ReadWrite.All",
)
MDM_PROFILES_ROLES = (
    "DeviceManagementConfiguration.Read.All",
    "Group.Read.All",
    "GroupMember.ReadWrite.All",
    "Device.ReadWrite.All",
)
TEM_APP_ROLES = ("User.Read.All",)
PORTAL_ROLES = (
    "global_administrator",
    "intune_administrator",
    "billing_administrator",
    "user_administrator",
    "license_administrator",
    "helpdesk",
    "report_reader",
    "auditor",
)
"""App roles that the registration for sign-in defines: the portal's own roles by name."""


@dataclass(frozen=True)
class Registration:
    """`key` is the portal's name for it; `roles` are the application permissions it asks for."""

    key: str
    client_id: str
    name: str
    secret: str
    roles: tuple[str, ...]
    app_roles: tuple[str, ...] = ()


REGISTRATIONS = (
    Registration(
        key="connection",
        client_id="0c0a7f6e-3d1b-4a63-9f0e-7e3c5a0c0001",
        name="TEM portal connection",
        secret="sandbox-secret-of-connection",  # noqa: S106 - published, sandbox only
        roles=CONNECTION_ROLES,
    ),
    Registration(
        key="tem_app",
        client_id="0c0a7f6e-3d1b-4a63-9f0e-7e3c5a0c0002",
        name="TEM app",
        secret="sandbox-secret-of-tem-app",  # noqa: S106 - published, sandbox only
        roles=TEM_APP_ROLES,
        app_roles=PORTAL_ROLES,
    ),
    Registration(
        key="mdm_profiles",
        client_id="0c0a7f6e-3d1b-4a63-9f0e-7e3c5a0c0003",
        name="TEM portal MDM profiles",
        secret="sandbox-secret-of-mdm-profiles",  # noqa: S106 - published, sandbox only
        roles=MDM_PROFILES_ROLES,
    ),
)


def as_settings() -> dict[str, dict[str, str]]:
    """The registrations in the shape of the setting ENTRA_APPS."""
    return {
        registration.key: {"client_id": registration.client_id, "secret": registration.secret}
        for registration in REGISTRATIONS
    }
