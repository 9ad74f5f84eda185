"""Rows for tests, one factory per model, each row in the scope of its own tenant.

A factory of a tenant's model takes `tenant=` and opens that tenant's scope only while it writes,
so that a test notices when the code under test forgot to open one. What a row refers to is made
in the same tenant unless given (`SelfAttribute("..tenant")`).
"""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from common.permissions import Role
from common.tenancy import tenant_scope
from tenants.models import Membership, Person, Tenant, User

PASSWORD = "correct horse battery staple"
"""The password of everybody in the tests."""


class TenantFactory(DjangoModelFactory):
    class Meta:
        model = Tenant
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"tenant-{n}")
    name = factory.LazyAttribute(lambda tenant: tenant.slug.replace("-", " ").title())


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        django_get_or_create = ("email",)
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person-{n}@example.com")
    name = factory.LazyAttribute(lambda user: user.email.split("@")[0].title())

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.set_password(extracted or PASSWORD)
        self.save(update_fields=["password"])


class InTenant(DjangoModelFactory):
    """Base of the factories of tenants' models."""

    class Meta:
        abstract = True

    tenant = factory.SubFactory(TenantFactory)

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        with tenant_scope(kwargs["tenant"].pk):
            return super()._create(model_class, *args, **kwargs)


class MembershipFactory(InTenant):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.HELPDESK


class PersonFactory(InTenant):
    class Meta:
        model = Person

    name = factory.Sequence(lambda n: f"Holder {n}")
