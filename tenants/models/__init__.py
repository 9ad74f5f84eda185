from tenants.models.api_token import ApiToken, Scope
from tenants.models.entra import EntraGroupRole, EntraIdentity, EntraMembership, EntraSignIn
from tenants.models.idempotent_answer import IdempotentAnswer
from tenants.models.invitation_mail import InvitationMail
from tenants.models.membership import Membership
from tenants.models.people_group import PeopleGroup, PeopleGroupMember
from tenants.models.person import Person
from tenants.models.sign_in_session import SignInSession
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = [
    "ApiToken",
    "EntraGroupRole",
    "EntraIdentity",
    "EntraMembership",
    "EntraSignIn",
    "IdempotentAnswer",
    "InvitationMail",
    "Membership",
    "PeopleGroup",
    "PeopleGroupMember",
    "Person",
    "Scope",
    "SignInSession",
    "Tenant",
    "User",
]
