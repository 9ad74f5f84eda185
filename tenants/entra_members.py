"""Letting in who signed in with Microsoft, and what they may do.

1. The person is told by directory id and object id. The first time, an account is found by its
   user principal name only among the members of tenants that accept that directory, and only if
   it does not belong to another object there: a name given to somebody new opens nothing.
2. A membership made by an app role or a group follows it, also when it goes; one that people
   made here is theirs to change. Who was removed here stays out.
3. The session remembers the directory, and opens only tenants that accept it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from common.permissions import Role
from common.refusals import Refused, refusing
from common.tenancy import across_tenants, current_tenant_id, tenant_scope
from tenants.actions import (
    LastGlobalAdministrator,
    add_member,
    change_role,
    hold_members,
    refuse_above_own,
    remove_member,
)
from tenants.models import (
    EntraGroupRole,
    EntraIdentity,
    EntraMembership,
    EntraSignIn,
    Membership,
    User,
)


class NotAdmitted(Refused):
    """Microsoft knows the person, and no tenant here lets them in."""


class GroupTwice(Refused):
    """The group has a role here already."""


# --- signing in -------------------------------------------------------------------------------


def directories(*, cloud: str) -> list[str]:
    """The directories of that cloud whose people somebody lets in."""
    with across_tenants("whose people may sign in is asked before it is known where"):
        found = EntraSignIn.objects.filter(
            enabled=True, tenant__cloud=cloud, tenant__suspended_at=None
        )
        return [str(each) for each in found.values_list("directory_id", flat=True).distinct()]


def admit(*, claims: Mapping[str, Any], cloud: str, now: datetime) -> User:
    """The account of whoever these believed claims are about. Raises NotAdmitted."""
    directory, object_id = UUID(claims["tid"]), UUID(claims["oid"])
    address = str(claims.get("preferred_username") or "").strip().lower()[:254]
    with transaction.atomic():
        accepting = _accepting(directory, cloud)
        roles = {row.pk: _role(row, claims) for row in accepting}
        user = _known(directory, object_id) or _newcomer(
            address, str(claims.get("name") or "")[:120], directory, accepting, roles.values()
        )
        if user is None or not user.is_active:
            raise _not_admitted()
        _identity, is_new = EntraIdentity.objects.get_or_create(
            directory_id=directory,
            object_id=object_id,
            defaults={"user": user, "created_at": now},
        )
        if is_new:
            record(by=user, action="person.linked_to_microsoft", subject=user)
        opened = [_follow(row, user, roles[row.pk]) for row in accepting]
    if not any(opened):  # outside: a role that was taken away stays taken
        raise _not_admitted()
    return user


def _not_admitted() -> NotAdmitted:
    return NotAdmitted(
        _("Your account has no role here. Ask an administrator of your organisation for one.")
    )


def _accepting(directory: UUID, cloud: str) -> list[EntraSignIn]:
    with across_tenants("a directory may be accepted by several tenants"):
        return list(
            EntraSignIn.objects.select_related("tenant")
            .filter(
                directory_id=directory,
                enabled=True,
                tenant__cloud=cloud,
                tenant__suspended_at=None,
            )
            .order_by("tenant_id")
        )


def _role(row: EntraSignIn, claims: Mapping[str, Any]) -> Role | None:
    """The role that says most, of the app roles and of those of the groups."""
    with tenant_scope(row.tenant_id):
        by_group = {
            str(group): role
            for group, role in EntraGroupRole.objects.values_list("group_id", "role")
        }
    given = {str(role) for role in claims.get("roles") or ()}
    given |= {
        by_group[group] for group in map(str, claims.get("groups") or ()) if group in by_group
    }
    return next((role for role in Role if role.value in given), None)


def _known(directory: UUID, object_id: UUID) -> User | None:
    identity = (
        EntraIdentity.objects.select_related("user")
        .filter(directory_id=directory, object_id=object_id)
        .first()
    )
    return identity.user if identity else None


def _newcomer(
    address: str,
    name: str,
    directory: UUID,
    accepting: Iterable[EntraSignIn],
    roles: Iterable[Role | None],
) -> User | None:
    if "@" not in address:
        return None
    user = User.objects.filter(email__iexact=address).first()
    if user is None:
        return User.objects.create_user(address, name=name) if any(roles) else None
    if EntraIdentity.objects.filter(user=user, directory_id=directory).exists():
        return None  # the name has gone to another object of the directory
    with across_tenants("whether an account is a member where the directory is accepted"):
        is_member = Membership.objects.in_force().filter(
            user=user, tenant__in=[row.tenant_id for row in accepting]
        )
        return user if is_member.exists() else None


def _follow(row: EntraSignIn, user: User, role: Role | None) -> bool:
    """Bring the membership to the role; whether it is in force."""
    with tenant_scope(row.tenant_id):
        hold_members()
        membership = Membership.objects.filter(user=user).first()
        state = membership.state if membership else ""
        if state == "removed" or (role is None and state != "member"):
            return False
        if state != "member":
            assert role is not None
            made = add_member(tenant=row.tenant, email=user.email, role=role, by=None)
            EntraMembership.objects.get_or_create(membership=made)
            return True
        assert membership is not None
        if not EntraMembership.objects.filter(membership=membership).exists():
            return True
        try:
            if role is None:
                remove_member(membership=membership, by=None)
                return False
            change_role(membership=membership, role=role, by=None)
        except LastGlobalAdministrator:
            pass  # a tenant without an administrator would help nobody
        return True


# --- the tenant's choice ----------------------------------------------------------------------


def choose(*, directory_id: UUID, enabled: bool, by: User | None) -> EntraSignIn:
    """Accept a directory's people in the tenant in scope, or no longer."""
    with transaction.atomic():
        before = EntraSignIn.objects.select_for_update().first()
        row, _made = EntraSignIn.objects.update_or_create(
            tenant_id=current_tenant_id(),
            defaults={"directory_id": directory_id, "enabled": enabled},
        )
        record(
            by=by,
            action="entra_sign_in.changed",
            subject=row,
            before={
                "enabled": before.enabled, "directory_id": str(before.directory_id),
            } if before else None,
            after={"enabled": enabled, "directory_id": str(directory_id)},
        )  # fmt: skip
    return row


def give_group(*, group_id: UUID, role: Role, by: User) -> None:
    """Members of the group get the role at their next sign-in. Raises GroupTwice, RoleAboveOwn."""
    refuse_above_own(role, by=by)
    sentence = _("This group has a role already; remove that first.")
    with (
        transaction.atomic(),
        refusing(GroupTwice, {"entra_group_role_once": ("group_id", sentence)}),
    ):
        row = EntraGroupRole.objects.create(group_id=group_id, role=role.value)
        after = {"group_id": str(group_id), "role": role.value}
        record(by=by, action="entra_group_role.added", subject=row, after=after)


def take_group(*, row: EntraGroupRole, by: User) -> None:
    """From their next sign-in on, the group gives nothing. Raises RoleAboveOwn."""
    refuse_above_own(Role(row.role), by=by)
    with transaction.atomic():
        before = {"group_id": str(row.group_id), "role": row.role}
        record(by=by, action="entra_group_role.removed", subject=row, before=before)
        row.delete()
