"""Invitations: somebody becomes a member when they say yes, and not before.

1. Whoever invites is told the same whether or not the address has an account: the account is
   made when there is none, and nothing of it is shown before its owner has joined.
2. The link is signed and names the moment it was sent. Sending again makes a new moment, so the
   older link is dead; a withdrawn or answered invitation has none.
3. The e-mail is a row of the same transaction: `tenants.invitation_mails` sends it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from common.permissions import Role
from common.refusals import Refused
from common.tenancy import across_tenants, current_tenant_id, tenant_scope
from tenants.actions import AlreadyMember, account_of, hold_members, refuse_above_own
from tenants.models import InvitationMail, Membership, User

VALID_FOR = timedelta(days=7)
_SALT = "tenants.invitations"


class AlreadyInvited(Refused):
    """The person has an invitation that waits for its answer."""


class InvitationGone(Refused):
    """The invitation was answered, withdrawn, sent anew or is too old."""


def invite(
    *, email: str, role: Role, language: str, origin: str, now: datetime, by: User
) -> Membership:
    """An invitation to the tenant in scope; the link begins with `origin` (https://host).

    Raises AlreadyMember, AlreadyInvited, RoleAboveOwn.
    """
    with transaction.atomic():
        hold_members()
        refuse_above_own(role, by=by)
        user = account_of(email=email, language=language)
        membership = Membership.objects.filter(user=user).first() or Membership(user=user)
        if membership.pk and membership.state == "member":
            raise AlreadyMember(_("%s is a member already.") % email, field="email")
        if membership.pk and membership.state == "invited":
            sentence = _("%s is invited already; the invitation can be sent again from the list.")
            raise AlreadyInvited(sentence % email, field="email")
        membership.role, membership.invited_at, membership.removed_at = role.value, now, None
        membership.save()
        after = {"person": user.email, "role": role.value}
        record(by=by, action="membership.invited", subject=membership, after=after)
        _post(membership, language=language, origin=origin, by=by)
    return membership


def send_again(
    *, membership: Membership, language: str, origin: str, now: datetime, by: User
) -> Membership:
    """A new link, with the time it has anew; the older one is dead. Raises InvitationGone."""
    with transaction.atomic():
        current = _waiting(membership)
        current.invited_at = now
        current.save(update_fields=["invited_at"])
        record(by=by, action="membership.invitation_sent_again", subject=current)
        _post(current, language=language, origin=origin, by=by)
    return current


def withdraw(*, membership: Membership, now: datetime, by: User) -> None:
    """Take the invitation back. Raises InvitationGone.

    Who never joined is not on the list any more; who was a member before is removed again.
    """
    with transaction.atomic():
        current = _waiting(membership)
        before = {"person": current.user.email, "role": current.role}
        record(by=by, action="membership.invitation_withdrawn", subject=current, before=before)
        if current.joined_at is None:
            current.delete()
        else:
            current.invited_at, current.removed_at = None, now
            current.save(update_fields=["invited_at", "removed_at"])


def accept(*, membership: Membership, now: datetime) -> None:
    """The invited person says yes. Raises InvitationGone."""
    with transaction.atomic(), tenant_scope(membership.tenant_id):
        current = _waiting(membership)
        if current.invited_at != membership.invited_at:
            raise _gone()
        current.invited_at, current.joined_at = None, now
        current.save(update_fields=["invited_at", "joined_at"])
        record(by=current.user, action="membership.joined", subject=current)


def open_account(*, membership: Membership, name: str, password: str, now: datetime) -> User:
    """Accept, and give the new account its name and first password. Raises InvitationGone."""
    with transaction.atomic():
        accept(membership=membership, now=now)
        user = User.objects.select_for_update().get(pk=membership.user_id)
        if not needs_password(user):
            raise _gone()
        user.name = name
        user.set_password(password)
        user.save(update_fields=["name", "password"])
        record(by=user, action="person.password_changed", subject=user)
    return user


def needs_password(user: User) -> bool:
    """Whether nobody has ever been able to sign in with this account."""
    return not user.has_usable_password() and user.last_login is None


def key_of(membership: Membership) -> str:
    """What stands in the link."""
    assert membership.invited_at is not None
    return signing.dumps([membership.pk, membership.invited_at.isoformat()], salt=_SALT)


def invitation_of(*, key: str, now: datetime) -> Membership:
    """The invitation that a link belongs to. Raises InvitationGone."""
    try:
        pk, invited_at = signing.loads(key, salt=_SALT)
        sent = datetime.fromisoformat(invited_at)
    except (signing.BadSignature, ValueError, TypeError):
        raise _gone() from None
    with across_tenants("the link of an invitation stands for its tenant's consent"):
        membership = (
            Membership.objects.select_related("tenant", "user")
            .filter(pk=pk, invited_at=sent, removed_at=None, tenant__suspended_at=None)
            .filter(user__is_active=True)
            .first()
        )
    if membership is None or now > sent + VALID_FOR:
        raise _gone()
    return membership


def answered_by(*, key: str, user: User) -> Membership | None:
    """The membership of a person who opens their link again after they said yes."""
    try:
        pk, _invited_at = signing.loads(key, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    with across_tenants("a person's own membership, named by their link"):
        return (
            Membership.objects.select_related("tenant")
            .in_force()
            .filter(pk=pk, user_id=user.pk, tenant__suspended_at=None)
            .first()
        )


def _post(membership: Membership, *, language: str, origin: str, by: User) -> None:
    InvitationMail.objects.create(
        membership=membership,
        invited_at=membership.invited_at,
        invited_by=by,
        language=language,
        origin=origin,
        due_at=membership.invited_at,
    )


def _waiting(membership: Membership) -> Membership:
    assert current_tenant_id() == membership.tenant_id
    hold_members()
    found = Membership.objects.select_related("user", "tenant").in_state("invited")
    current = found.filter(pk=membership.pk).first()
    if current is None:
        raise _gone()
    return current


def _gone() -> InvitationGone:
    return InvitationGone(_("This invitation no longer holds."))
