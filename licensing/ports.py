"""What licences ask of the Microsoft cloud, and the names of what can go wrong there.

Whoever knows how to reach a tenant's cloud registers a factory. The adapter decides nothing: it
sends, reads, and says plainly whether a call was refused, put off, or left uncertain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class CloudError(Exception):
    """Base: the call did not do what it should. `reason` keys a sentence (common.sentences)."""

    reason = "cloud_failed"


class CloudRefused(CloudError):
    """The service said no (400): state read before the call has changed, or was not enough."""

    reason = "claim_refused"


class CloudGone(CloudError):
    """The account is not there (404)."""

    reason = "claim_account_gone"


class CloudForbidden(CloudError):
    """The consent is missing or has ended (401, 403)."""

    reason = "cloud_forbidden"


class CloudBusy(CloudError):
    """Throttled (429, 503); not before `seconds` from now."""

    reason = "cloud_throttled"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"not before {seconds} s")


class CloudDown(CloudError):
    """Not reached, so nothing was done there."""

    reason = "cloud_unreachable"


class CloudUncertain(CloudError):
    """Sent, and no answer came: it may have been done."""

    reason = "cloud_uncertain"


@dataclass(frozen=True)
class AccountFacts:
    """A user as Graph tells of it. `licences`: {"sku", "off", "inherited"}, ids in lower case."""

    entra_id: str
    upn: str
    name: str
    enabled: bool
    is_member: bool
    usage_location: str
    licences: tuple[dict[str, Any], ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class SignInFacts:
    """A successful sign-in; `app_id` is the client's application id."""

    key: str
    at: datetime
    entra_id: str
    upn: str
    app_id: str


class Cloud(Protocol):
    """One tenant's directory. Every method raises CloudError."""

    def products(self) -> list[dict[str, Any]]:
        """The bodies of subscribedSkus."""
        ...

    def accounts(self, ids: Collection[str]) -> list[AccountFacts]:
        """These users; who is not there is left out."""
        ...

    def groups(self) -> list[tuple[str, str]]:
        """Id and name of every group."""
        ...

    def sign_ins(self, *, since: datetime) -> Iterable[list[SignInFacts]]:
        """Successful sign-ins from `since` on, page by page."""
        ...

    def set_usage_location(self, entra_id: str, country: str) -> None: ...

    def assign(
        self, entra_id: str, *, add: Collection[tuple[str, list[str]]], remove: Collection[str]
    ) -> None:
        """Products to add, with ids of the service plans that stay off, and products to remove."""
        ...


Factory = Callable[[int], Cloud | None]
_factories: list[Factory] = []


def register_cloud(factory: Factory) -> None:
    """`factory(tenant_id)`: the tenant's cloud, or None while it is not connected."""
    _factories[:] = [factory]


@contextmanager
def clouds_from(factory: Factory) -> Iterator[None]:
    """Reach clouds by `factory` within the block, and as before behind it."""
    before = list(_factories)
    register_cloud(factory)
    try:
        yield
    finally:
        _factories[:] = before


def cloud_of(tenant_id: int) -> Cloud | None:
    """The tenant's cloud, if there is a way to it."""
    return _factories[0](tenant_id) if _factories else None
