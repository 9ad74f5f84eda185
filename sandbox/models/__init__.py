from sandbox.models.directory import CloudObject, CloudTenant, Fault, Kind
from sandbox.models.sign_in import CloudConsent, CloudGrant, CloudKey, CloudRegistration

__all__ = [
    "CloudConsent",
    "CloudGrant",
    "CloudKey",
    "CloudObject",
    "CloudRegistration",
    "CloudTenant",
    "Fault",
    "Kind",
]
