"""Founding and closing tenants, and who belongs to them.

Each action writes its rows and its audit event in one transaction. Apps above this one add what
a new tenant needs (a connector, a policy) through `on_tenant_created`, since this app may not
import them.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import changes, record
from common.permissions import GRANTS, ROLE_LABELS, Role
from common.refusals import Refused, refusing
from common.tenancy import current_tenant_id, tenant_scope
from tenants.models import Membership, Tenant, User
from tenants.models.tenant import Cloud


class SlugTaken(Refused):
    """Another tenant has this slug."""


class AlreadySuspended(Refused):
    """The tenant was suspended before."""


class NotSuspended(Refused):
    """The tenant is not suspended, so it cannot be resumed."""


class AlreadyMember(Refused):
    """The person is a member of the tenant already."""


class LastGlobalAdministrator(Refused):
    """The change would leave the tenant without a global administrator."""


class OwnMembership(Refused):
    """Nobody changes or ends their own membership."""


class RoleAboveOwn(Refused):
    """The role grants something that the person who gives or takes it may not do."""


class MembershipGone(Refused):
    """Somebody else has removed the membership in the meantime."""


THEMES = ("", "light", "dark")
"""What a person may choose; empty follows the system."""

Hook = Callable[..., None]
_hooks: list[Hook] = []


def on_tenant_created(hook: Hook) -> Hook:
    """Decorator: call `hook(tenant=..., by=...)` in the transaction and scope of a new tenant."""
    if hook not in _hooks:
        _hooks.append(hook)
    return hook


def create_tenant(
    *,
    slug: str,
    name: str,
    admin_email: str,
    by: User | None,
    time_zone: str = "Europe/Amsterdam",
    currency: str = "EUR",
    home_country: str = "NL",
    cloud: str = Cloud.GLOBAL,
) -> Tenant:
    """A tenant with its first global administrator and what other apps add to it.

    `by` is None when the command line did it. The administrator's account is made when there is
    none, without a password: they choose one with "Forgot your password?". Raises SlugTaken.
    """
    taken = ("slug", _("Another tenant already has this slug."))
    with transaction.atomic():
        with refusing(SlugTaken, {"tenants_tenant_slug_key": taken}):
            tenant = Tenant.objects.create(
                slug=slug,
                name=name,
                time_zone=time_zone,
                currency=currency,
                home_country=home_country,
                cloud=cloud,
            )
        record(
            by=by,
            action="tenant.created",
            subject=tenant,
            tenant_id=tenant.pk,
            after={"slug": slug, "name": name, "time_zone": time_zone, "currency": currency},
        )
        with tenant_scope(tenant.pk):
            add_member(tenant=tenant, email=admin_email, role=Role.GLOBAL_ADMINISTRATOR, by=by)
            for hook in _hooks:
                hook(tenant=tenant, by=by)
    return tenant


def suspend(*, tenant: Tenant, by: User | None) -> None:
    """Close the tenant to everybody; nothing is deleted. Raises AlreadySuspended."""
    _set_suspended(tenant, to=True, by=by)


def resume(*, tenant: Tenant, by: User | None) -> None:
    """Open a suspended tenant again. Raises NotSuspended."""
    _set_suspended(tenant, to=False, by=by)


def _set_suspended(tenant: Tenant, *, to: bool, by: User | None) -> None:
    now = timezone.now() if to else None
    with transaction.atomic():
        changed = Tenant.objects.filter(pk=tenant.pk, suspended_at__isnull=to).update(
            suspended_at=now
        )
        if not changed and to:
            raise AlreadySuspended(_("%s is suspended already.") % tenant.name)
        if not changed:
            raise NotSuspended(_("%s is not suspended.") % tenant.name)
        tenant.suspended_at = now
        action = "tenant.suspended" if to else "tenant.resumed"
        record(by=by, action=action, subject=tenant, tenant_id=tenant.pk)


def add_member(*, tenant: Tenant, email: str, role: Role, by: User | None) -> Membership:
    """Give the person with this address a role at once, making their account when there is none.

    An account that exists is left as it is. Raises AlreadyMember.
    """
    with transaction.atomic(), tenant_scope(tenant.pk):
        hold_members()
        user = account_of(email=email)
        membership = Membership.objects.filter(user=user).first() or Membership(user=user)
        if membership.pk and membership.state == "member":
            raise AlreadyMember(_("%s is a member already.") % email, field="email")
        membership.role = role.value
        membership.joined_at = timezone.now()
        membership.invited_at = membership.removed_at = None
        membership.save()
        record(
            by=by,
            action="membership.added",
            subject=membership,
            after={"person": user.email, "role": role.value},
        )
    return membership


def account_of(*, email: str, language: str = "") -> User:
    """The account with this address; a new one, which cannot sign in yet, when there is none."""
    for _attempt in range(2):
        found = User.objects.filter(email__iexact=email).first()
        if found is not None:
            return found
        try:
            with transaction.atomic():
                return User.objects.create_user(email, language=language)
        except IntegrityError:  # somebody else made it at the same moment
            continue
    return User.objects.get(email__iexact=email)


def hold_members() -> None:
    """Let no other change of the members of the tenant in scope run until this one is done."""
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())


def refuse_above_own(*roles: Role, by: User | None) -> None:
    """Refuse to give or take roles that grant more than `by` may do in the tenant in scope.

    None is the command line. Raises RoleAboveOwn.
    """
    if by is None:
        return
    own = Membership.objects.in_force().filter(user=by).first()
    held = GRANTS[Role(own.role)] if own else frozenset()
    for role in roles:
        if not GRANTS[role] <= held:
            sentence = _(
                "%s may do more than you: only somebody who may do the same gives or takes it."
            )
            raise RoleAboveOwn(sentence % ROLE_LABELS[role], field="role")


def change_role(*, membership: Membership, role: Role, by: User | None) -> None:
    """Give a member another role.

    Raises LastGlobalAdministrator, OwnMembership, RoleAboveOwn, MembershipGone.
    """
    with transaction.atomic(), tenant_scope(membership.tenant_id):
        current = _locked(membership)
        if role != Role.GLOBAL_ADMINISTRATOR:
            _refuse_if_last_administrator(current)
        _refuse_if_own(current, by)
        refuse_above_own(Role(current.role), role, by=by)
        before, current.role = current.role, role.value
        if before != current.role:
            current.save(update_fields=["role"])
            record(
                by=by,
                action="membership.role_changed",
                subject=current,
                before={"role": before},
                after={"role": role.value},
            )
    membership.role = role.value


def remove_member(*, membership: Membership, by: User | None) -> None:
    """End a membership: from the next request on, no session of theirs opens the tenant.

    The account stays, and so does what they did. Raises LastGlobalAdministrator,
    OwnMembership, RoleAboveOwn, MembershipGone.
    """
    with transaction.atomic(), tenant_scope(membership.tenant_id):
        current = _locked(membership)
        _refuse_if_last_administrator(current)
        _refuse_if_own(current, by)
        refuse_above_own(Role(current.role), by=by)
        current.joined_at = current.joined_at or current.created_at
        current.removed_at = timezone.now()
        current.save(update_fields=["joined_at", "removed_at"])
        record(
            by=by,
            action="membership.removed",
            subject=current,
            before={"person": current.user.email, "role": current.role},
        )


def _locked(membership: Membership) -> Membership:
    """The membership as it is now, while no other change of the tenant's members runs."""
    hold_members()
    found = Membership.objects.select_related("user").in_force()
    current = found.filter(pk=membership.pk).first()
    if current is None:
        raise MembershipGone(_("This person is no longer a member."))
    return current


def _refuse_if_own(membership: Membership, by: User | None) -> None:
    if by is not None and membership.user_id == by.pk:
        raise OwnMembership(_("This is your own membership: another administrator changes it."))


def _refuse_if_last_administrator(membership: Membership) -> None:
    administrators = Membership.objects.in_force().filter(role=Role.GLOBAL_ADMINISTRATOR)
    others = administrators.exclude(pk=membership.pk).filter(user__is_active=True)
    if membership.role == Role.GLOBAL_ADMINISTRATOR and not others.exists():
        raise LastGlobalAdministrator(
            _("A tenant needs at least one %s.") % ROLE_LABELS[Role.GLOBAL_ADMINISTRATOR]
        )


def change_profile(*, user: User, **chosen: str) -> None:
    """Give one's own account another `name`, `language` or `theme` (empty: as the system)."""
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        before, after = changes(
            before={name: getattr(current, name) for name in chosen}, after=chosen
        )
        for name, value in chosen.items():
            setattr(current, name, value)
            setattr(user, name, value)
        if after:
            current.save(update_fields=list(chosen))
            record(
                by=current,
                action="person.profile_changed",
                subject=current,
                before=before,
                after=after,
            )


def choose_language(*, user: User, language: str) -> None:
    """Remember the language a person chose; one the portal does not speak is ignored."""
    if language in dict(settings.LANGUAGES):
        change_profile(user=user, language=language)
