from tenants.models.api_token import ApiToken, Scope
from tenants.models.entra import EntraGroupRole, EntraIdentity, EntraMembership, EntraSignIn
from tenants.models.idempotent_answer import IdempotentAnswer
from tenants.models.membership import Membership
from tenants.models.people_group import PeopleGroup, PeopleGroupMember
from tenants.models.person import Person
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = [
    "ApiToken",
    "EntraGroupRole",
    "EntraIdentity",
    "EntraMembership",
    "EntraSignIn",
    "IdempotentAnswer",
    "Membership",
    "PeopleGroup",
    "PeopleGroupMember",
    "Person",
    "Scope",
    "Tenant",
    "User",
]
