from tenants.models.membership import Membership
from tenants.models.person import Person
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = ["Membership", "Person", "Tenant", "User"]
