"""Why a connection does not work, as the key of a sentence that says what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import structlog

from common import entra
from common.clouds import UnknownCloud
from common.refusals import Refused
from common.sealed import CannotOpen, NoEncryptionKey
from connectors import graph
from connectors.graph.clients import NoApplication

log = structlog.get_logger(__name__)
EXPIRED = 7000222


class OtherOrganisation(Exception):
    """Microsoft answered for another organisation than the one asked about."""


@dataclass(frozen=True)
class Trouble:
    """`reason` is a key of common.sentences. `may_pass`: it may be over without anybody's doing."""

    reason: str
    reference: str
    facts: dict[str, Any] = field(default_factory=dict)
    may_pass: bool = False
    retry_after: float = 0.0
    is_consent: bool = False
    """Whether an administrator's consent is what is missing."""


_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (entra.NoSuchDirectory, "cloud_no_directory"),
    (entra.NotATenantName, "cloud_no_directory"),
    (entra.ConsentMissing, "cloud_no_consent"),
    (entra.SecretRefused, "cloud_secret_refused"),
    (entra.EntraUnavailable, "cloud_sign_in_down"),
    (entra.EntraError, "cloud_refused"),
    (graph.GraphThrottled, "graph_throttled"),
    (graph.GraphUnavailable, "graph_down"),
    (graph.BadAnswer, "graph_nonsense"),
    (graph.OutcomeUnknown, "graph_down"),
    (graph.NotAuthenticated, "graph_token_refused"),
    (graph.NotAllowed, "graph_not_allowed"),
    (graph.GraphError, "graph_refused"),
    (NoApplication, "cloud_no_application"),
    (CannotOpen, "cloud_secret_sealed"),
    (NoEncryptionKey, "cloud_secret_sealed"),
    (UnknownCloud, "cloud_not_here"),
    (OtherOrganisation, "cloud_other_organisation"),
)


def trouble_of(error: Exception, *, right: str = "") -> Trouble:
    """What an error means for a person. `right` is the permission that the call wanted.

    An error that is not of a cloud is a fault of ours: it is logged under the reference.
    """
    reason = next((key for kind, key in _KINDS if isinstance(error, kind)), "")
    reference = getattr(error, "reference", "") or str(uuid4())
    if not reason:
        log.error("check_failed", reference=reference, exc_info=error)
        return Trouble("check_failed", reference, may_pass=True)
    if not isinstance(error, Refused):
        log.warning("connection_trouble", reason=reason, reference=reference, error=repr(error))
    if reason == "cloud_secret_refused" and getattr(error, "number", 0) == EXPIRED:
        reason = "cloud_secret_expired"
    return Trouble(
        reason,
        reference,
        facts={"right": right} if reason == "graph_not_allowed" else {},
        may_pass=isinstance(error, entra.EntraUnavailable) or getattr(error, "may_pass", False),
        retry_after=getattr(error, "retry_after", None) or 0.0,
        is_consent=reason in {"cloud_no_consent", "graph_not_allowed"},
    )
