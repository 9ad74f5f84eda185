"""Finding a pretend organisation by what stands in an address: its id or a verified domain."""

from __future__ import annotations

import uuid

from sandbox.models import CloudTenant

ANY = "organizations"


def tenant_named(name: str) -> CloudTenant | None:
    """By GUID or domain; None when there is no such organisation."""
    try:
        return CloudTenant.objects.filter(pk=uuid.UUID(name)).first()
    except ValueError:
        return CloudTenant.objects.filter(domain=name.lower()[:100].replace("\x00", "")).first()
