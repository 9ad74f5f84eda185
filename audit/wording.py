"""What the acts of the audit log, and the facts they change, are called on the screen.

Rows keep a key (`line.retired`), so that the log reads in every language; an act that is not
here shows its key, and a test holds this list against every act in the code.
"""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

ACTS = {
    "app_registration.added": _("Application registration added"),
    "app_registration.removed": _("Application registration removed"),
    "app_registration.replaced": _("Application registration replaced"),
    "alert.acknowledged": _("Alert acknowledged"),
    "audit.exported": _("Audit log exported"),
    "auto_claim.turned_off": _("Auto-claim turned off"),
    "auto_claim.turned_on": _("Auto-claim turned on"),
    "auto_claim_policy.added": _("Auto-claim policy added"),
    "auto_claim_policy.deleted": _("Auto-claim policy deleted"),
    "auto_claim_policy.edited": _("Auto-claim policy edited"),
    "carrier.added": _("Carrier added"),
    "carrier.edited": _("Carrier edited"),
    "carrier.retired": _("Carrier retired"),
    "category.added": _("Device category added"),
    "category.deleted": _("Device category deleted"),
    "category.edited": _("Device category edited"),
    "connector.created": _("Connector made"),
    "connector.disabled": _("Connector disabled"),
    "connector.enabled": _("Connector enabled"),
    "device.added": _("Device added"),
    "device.blocked_by_hand": _("Blocked by hand"),
    "device.category_changed": _("Category of the device changed"),
    "device.edited": _("Device edited"),
    "device.released_by_hand": _("Released by hand"),
    "device.retired": _("Device retired"),
    "device.sim_put_in": _("SIM put in the device"),
    "device.sim_taken_out": _("SIM taken out of the device"),
    "device.simulated_added": _("Simulated device added"),
    "line.added": _("Line added"),
    "line.edited": _("Line edited"),
    "line.many_added": _("Lines were added"),
    "line.retired": _("Line retired"),
    "line.unblock_ended": _("Unblocking by hand ended"),
    "line.unblocked": _("Unblocked by hand"),
    "membership.added": _("Member added"),
    "membership.invitation_sent_again": _("Invitation sent again"),
    "membership.invitation_withdrawn": _("Invitation withdrawn"),
    "membership.invited": _("Person invited"),
    "membership.joined": _("Invitation accepted"),
    "membership.removed": _("Member removed"),
    "membership.role_changed": _("Role changed"),
    "people_group.added": _("People group added"),
    "people_group.edited": _("People group edited"),
    "people_group.moved": _("People group given another priority"),
    "people_group.people_added": _("People put into a group"),
    "people_group.people_removed": _("People taken out of a group"),
    "people_group.retired": _("People group retired"),
    "person.password_changed": _("Password changed"),
    "person.second_factor_added": _("Second factor set up"),
    "person.second_factor_removed": _("Second factor removed"),
    "person.signed_in": _("Signed in"),
    "person.signed_out": _("Signed out"),
    "plan.added": _("Plan added"),
    "plan.edited": _("Plan edited"),
    "plan.made_default": _("Plan made the default"),
    "plan.retired": _("Plan retired"),
    "policy.added": _("Policy added"),
    "policy.edited": _("Policy edited"),
    "policy.made_default": _("Policy made the tenant's"),
    "policy.retired": _("Policy retired"),
    "simulated_device.played": _("Simulated phone moved or disturbed"),
    "product.priced": _("Price of a product changed"),
    "tenant.created": _("Tenant created"),
    "tenant.resumed": _("Tenant resumed"),
    "tenant.suspended": _("Tenant suspended"),
    "token.created": _("API token made"),
    "token.revoked": _("API token revoked"),
    "usage_file.imported": _("Usage file imported"),
    "usage_import.cancelled": _("Import stopped"),
    "usage_import.started": _("Import started"),
    "usage_import.uploaded": _("Usage file uploaded"),
    "zone.added": _("Zone added"),
    "zone.edited": _("Zone edited"),
    "zone.removed": _("Zone removed"),
}

FACTS = {
    "alert.acknowledged": _("Alert acknowledged"),
    "daily_cap": _("Claims a day, at most"),
    "default_country": _("Usage location where none is set"),
    "enabled": _("On"),
    "excluded": _("Never members of these groups"),
    "included": _("Only members of these groups"),
    "price": _("Price per seat and month"),
    "products": _("Products"),
    "reserve": _("Seats to keep free"),
    "accepted": _("Accepted"),
    "billing_day": _("Billing day"),
    "cap": _("Data cap"),
    "carrier": _("Carrier"),
    "category": _("Category"),
    "client_id": _("Application (client) ID"),
    "cost_centre": _("Cost centre"),
    "count": _("Number"),
    "countries": _("Countries"),
    "country": _("Country"),
    "currency": _("Currency"),
    "cycle_days": _("Days in a cycle"),
    "cycle_kind": _("Billing cycle"),
    "default": _("Default"),
    "device": _("Device"),
    "devices": _("Devices"),
    "domestic_cap": _("Domestic data cap"),
    "drives_limits": _("Figures that drive limits"),
    "duplicate": _("Duplicate"),
    "expires_at": _("Valid until"),
    "filter_action": _("Action"),
    "filter_actor": _("Person"),
    "filter_kind": _("Kind of object"),
    "filter_q": _("Object or reason"),
    "filter_since": _("From"),
    "filter_until": _("Up to and including"),
    "expires_on": _("Expires on"),
    "first_day": _("First day of some cycle"),
    "format": _("File format"),
    "has_mobile_radio": _("Has a mobile radio"),
    "imei": "IMEI",
    "is_personal": _("Personal"),
    "is_extended_domestic": _("Extended domestic"),
    "is_rest_of_world": _("Rest of the world"),
    "line_column": _("Column of the line"),
    "lines": _("Lines"),
    "lines_created": _("Lines added"),
    "model": _("Model"),
    "msisdn": _("Phone number"),
    "name": _("Name"),
    "network_codes": _("Network codes"),
    "note": _("Note"),
    "os_version": _("OS version"),
    "overage_price": _("Overage price per MB"),
    "people": _("People"),
    "person": _("Person"),
    "plan": _("Plan"),
    "platform": _("Platform"),
    "policy": _("Policy"),
    "price": _("Price per MB over the cap"),
    "portal_enabled": _("Enabled in the portal"),
    "prefix": _("Begins with"),
    "priority": _("Priority"),
    "reference": _("Carrier's reference"),
    "rejected": _("Rejected"),
    "restriction": _("Restriction"),
    "roaming_cap": _("Roaming data cap"),
    "role": _("Role"),
    "rows": _("Rows"),
    "scopes": _("May"),
    "serial": _("Serial number"),
    "sha256": "SHA-256",
    "sim": _("SIM"),
    "size": _("Size"),
    "slot": _("Slot"),
    "slug": _("Slug"),
    "thresholds": _("Thresholds"),
    "time_column": _("Column of the time"),
    "time_zone": _("Time zone"),
    "unit": _("Unit of the volume"),
    "unmatched": _("Unmatched"),
    "until": _("Until"),
    "volume_column": _("Column of the volume"),
    "zone": _("Time zone of the file"),
    "online": _("Switched on"),
    "bearer": _("On the network by"),
    "abroad_in": _("Roams in"),
    "locked": _("Locked"),
    "data_roaming": _("Data roaming"),
    "roaming_back_after": _("Seconds until its user turns data roaming on again"),
    "not_now": _("How many commands it answers with NotNow"),
    "error": _("Error code with which its next command fails"),
    "held": _("Another administrator holds its data off"),
    "drops_push": _("Pushes get lost"),
}
"""What a fact is called; one that is not here shows its own name, made readable."""


def act_label(action: str) -> str:
    """What an act is called in the language in use."""
    return str(ACTS.get(action, action))


def fact_label(name: str) -> str:
    """What a changed fact is called in the language in use."""
    return str(FACTS.get(name, name.replace("_", " ").capitalize()))


def kind_label(object_type: str) -> str:
    """What a kind of object is called in the language in use; its key when it is gone."""
    return capfirst(str(_kinds().get(object_type, object_type)))


@cache
def _kinds() -> dict[str, str | Promise]:
    return {str(m._meta.model_name): m._meta.verbose_name for m in apps.get_models()}
