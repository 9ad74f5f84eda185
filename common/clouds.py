"""Where each Microsoft cloud is: its hosts, and a session that talks to them and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from common.outgoing import BoundedSession


class UnknownCloud(LookupError):
    """A cloud that this deployment does not have."""


@dataclass(frozen=True)
class CloudAddresses:
    """`login` is an origin, `graph` the base of Graph; `resource` is what its tokens are for."""

    name: str
    login: str
    graph: str
    resource: str

    @property
    def scope(self) -> str:
        return f"{self.resource}/.default"

    @property
    def is_sandbox(self) -> bool:
        return self.name == "sandbox"


def addresses(cloud: str) -> CloudAddresses:
    """Raises UnknownCloud; the sandbox exists only where SANDBOX is set."""
    found = settings.MICROSOFT_CLOUDS.get(cloud)
    if found is None or (cloud == "sandbox" and not settings.SANDBOX):
        raise UnknownCloud(cloud)
    if cloud == "sandbox":
        found = {**found, "graph": f"{settings.SANDBOX_ORIGIN}{found['graph']}"}
    return CloudAddresses(name=cloud, **found)


def session_for(cloud: CloudAddresses) -> BoundedSession:
    """A session for sign-in and Graph of this cloud."""
    if cloud.is_sandbox:
        origin = settings.SANDBOX_ORIGIN
        return BoundedSession(
            origins=(cloud.login, origin), led_to={cloud.login: f"{origin}/sandbox/login"}
        )
    return BoundedSession(origins=(cloud.login, cloud.graph))
