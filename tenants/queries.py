"""Which tenants a person may enter, asked before any scope is open; and the people groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, OuterRef, QuerySet

from common.tenancy import across_tenants
from tenants.microsoft import Opener
from tenants.models import (
    EntraSignIn,
    InvitationMail,
    Membership,
    PeopleGroup,
    PeopleGroupMember,
    Person,
    Tenant,
    User,
)


def memberships_of(*, user: User, opener: Opener | None = None) -> list[Membership]:
    """The person's memberships of tenants that are not suspended, by the tenant's name.

    A session that a Microsoft directory opened has those of tenants that accept it.
    """
    with across_tenants("a person's own memberships"):
        return list(
            _for_session(opener)
            .filter(user_id=user.pk, tenant__suspended_at__isnull=True)
            .order_by("tenant__name", "tenant_id")
        )


def membership_in(*, user: User, slug: str, opener: Opener | None = None) -> Membership | None:
    """The person's membership of the tenant with that slug, unless it is suspended.

    `opener` as in memberships_of.
    """
    with across_tenants("finding the membership that opens a tenant's scope"):
        return (
            _for_session(opener)
            .filter(user_id=user.pk, tenant__slug=slug, tenant__suspended_at__isnull=True)
            .first()
        )


def _for_session(opener: Opener | None) -> QuerySet[Membership]:
    found = Membership.objects.select_related("tenant").in_force()
    if opener is None:
        return found
    accepted = EntraSignIn.objects.filter(
        tenant_id=OuterRef("tenant_id"),
        tenant__cloud=opener.cloud,
        directory_id=opener.directory,
        enabled=True,
    )
    return found.filter(Exists(accepted))


def tenants_for_operators() -> QuerySet[Tenant]:
    """Every tenant, suspended or not: their names and states, and nothing that is inside."""
    return Tenant.objects.order_by("name", "id")


def members() -> QuerySet[Membership]:
    """Whoever signs in here, was invited or was removed, with `has_factor` and `mail_failed`."""
    factors = Authenticator.objects.filter(
        user_id=OuterRef("user_id"), type=Authenticator.Type.TOTP
    )
    failed = InvitationMail.objects.filter(
        membership_id=OuterRef("pk"),
        invited_at=OuterRef("invited_at"),
        due_at=None,
        sent_at=None,
    )
    return Membership.objects.select_related("user").annotate(
        has_factor=Exists(factors), mail_failed=Exists(failed)
    )


def invitation_mail(*, membership: Membership) -> InvitationMail | None:
    """The e-mail that brings the invitation's link; None for who is not invited."""
    if membership.invited_at is None:
        return None
    mails = InvitationMail.objects.filter(membership=membership)
    return mails.filter(invited_at=membership.invited_at).first()


def people_groups() -> QuerySet[PeopleGroup]:
    """The tenant's groups with `people`, how many are in each."""
    return PeopleGroup.objects.annotate(people=Count("members"))


def people_in(*, group: PeopleGroup) -> QuerySet[Person]:
    """Who is in the group."""
    return Person.objects.filter(Exists(_places(group)))


def people_outside(*, group: PeopleGroup) -> QuerySet[Person]:
    """Who could be added to the group: everybody in the directory who is not in it."""
    return Person.objects.filter(~Exists(_places(group)), removed_at=None)


def _places(group: PeopleGroup) -> QuerySet[PeopleGroupMember]:
    return PeopleGroupMember.objects.filter(group=group, person_id=OuterRef("pk"))


def groups_of(*, person_ids: Iterable[int]) -> dict[int, list[PeopleGroup]]:
    """The groups of people by the person's id, the highest priority first; none: no entry.

    One query, however many people. Retired groups are left out.
    """
    found: dict[int, list[PeopleGroup]] = defaultdict(list)
    places = PeopleGroupMember.objects.select_related("group").filter(
        person_id__in=list(person_ids), group__retired_at=None
    )
    for place in places.order_by("group__position"):
        found[place.person_id].append(place.group)
    return dict(found)
