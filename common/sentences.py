"""The sentences that explain: decisions, alerts, signals, refusals, in the reader's language.

Rows keep a key and figures, never a finished text, so the same row reads in English, Dutch and
French and its figures are formatted for the reader. A key that is not here is a bug that a test
finds; on a page it shows as itself rather than as an error.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from common.wording import day, moment, volume

SCOPES = {"domestic": _("domestic data"), "roaming": _("roaming data"), "total": _("data in total")}
_CENT = Decimal("0.01")
PURPOSES = {
    "connection": _("Connection"),
    "tem_app": _("TEM app and sign-in"),
    "mdm_profiles": _("MDM profile management"),
}
PLATFORMS = {"ios": "iOS", "ipados": "iPadOS", "knox": "Android"}

SENTENCES = {
    "within_limits": _("Usage is within the limits of the cycle."),
    "no_policy": _("No policy holds for this line, so nothing is limited."),
    "line_retired": _("The line is retired, so nothing is limited."),
    "personal_device": _(
        "The line's SIM is in a personal device: its usage is not collected and nothing is limited."
    ),
    "released_personal_device": _("The device is personal now, so service is restored."),
    "limit_near": _("%(used)s of %(scope)s used; the notice at %(limit)s has been reached."),
    "limit_reached": _("%(used)s of %(scope)s used; the limit of %(limit)s has been reached."),
    "day_limit_near": _(
        "%(used)s of %(scope)s used on %(first_day)s; the notice of a day at %(limit)s has been "
        "reached."
    ),
    "day_limit_reached": _(
        "%(used)s of %(scope)s used on %(first_day)s; the limit of a day, %(limit)s, has been "
        "reached."
    ),
    "money_limit_near": _(
        "Use of %(scope)s over the cap costs %(spent)s; the notice at %(price)s %(currency)s has "
        "been reached."
    ),
    "money_limit_reached": _(
        "Use of %(scope)s over the cap costs %(spent)s; the limit of %(price)s %(currency)s has "
        "been reached."
    ),
    "limit_in_grace": _("A limit of %(scope)s has been reached; the block comes at %(until)s."),
    "in_grace": _("A limit of %(scope)s has been reached; grace holds until %(until)s."),
    "exempt": _("A limit of %(scope)s has been reached, but the line is exempt from blocks."),
    "money_unblocked_by_hand": _(
        "Use of %(scope)s costs more than its limit of %(price)s %(currency)s, but unblocked by "
        "hand until %(until)s."
    ),
    "unblocked_by_hand": _(
        "%(used)s of %(scope)s used, over the limit of %(limit)s, but unblocked by hand until "
        "%(until)s."
    ),
    "evaluation_failed": _("The line could not be judged after %(attempts)s tries: %(error)s"),
    "released_within_limits": _("No limit is reached any more, so service is restored."),
    "released_by_exception": _("Unblocked by hand until %(until)s, so service is restored."),
    "released_in_grace": _("Grace holds until %(until)s, so service is restored."),
    "released_exempt": _("The line is exempt from blocks, so service is restored."),
    "signal_seen_before": _("The same signal was received before."),
    "portal_switched_off": _("Enforcement is switched off in the portal."),
    "connector_not_active": _("The connector is not active."),
    "connector_not_set_up": _("The connector is not set up, so its signals are rejected."),
    "unknown_device": _("No device has this number."),
    "unknown_line": _("No active line has this number."),
    "signal_outdated": _("A later signal about the same was received before."),
    "provider_says": _("The provider says: %(text)s"),
    "provider_follows": _(
        "The line's SIM is in this device now; the provider's block goes with it."
    ),
    "provider_cycle_ended": _("The billing cycle has ended, so service is restored."),
    "cloud_no_directory": _(
        "Microsoft knows no tenant with this ID. Check the ID, and which cloud the tenant is in."
    ),
    "cloud_no_consent": _(
        "The application is not, or no longer, accepted in this tenant. Press Connect and let a "
        "global administrator accept."
    ),
    "cloud_secret_refused": _(
        "Microsoft refused the application's secret or certificate. Enter a new one under "
        "Application registrations."
    ),
    "cloud_secret_expired": _(
        "The application's secret or certificate has expired. Enter a new one under Application "
        "registrations."
    ),
    "cloud_sign_in_down": _(
        "Microsoft's sign-in does not answer at the moment. The portal tries again by itself."
    ),
    "cloud_refused": _(
        "Microsoft refused this. Press Connect again; if it stays so, give support the reference."
    ),
    "cloud_no_application": _(
        "There is no application registration for this cloud. Enter one of your own, or ask the "
        "operator to name one in ENTRA_APPS."
    ),
    "cloud_secret_sealed": _(
        "The stored secret cannot be opened with the keys of this installation; enter it again."
    ),
    "cloud_not_here": _("This installation does not know the Microsoft cloud of this tenant."),
    "cloud_other_organisation": _(
        "Microsoft answered for another organisation. Check the tenant ID and press Connect again."
    ),
    "graph_throttled": _("Microsoft Graph asks for fewer calls. The portal tries again by itself."),
    "graph_down": _(
        "Microsoft Graph does not answer at the moment. The portal tries again by itself."
    ),
    "graph_nonsense": _(
        "Microsoft Graph answered something that makes no sense; nothing was taken over. The "
        "portal tries again by itself."
    ),
    "graph_token_refused": _(
        "Microsoft Graph does not accept the portal's token. Press Connect again."
    ),
    "graph_not_allowed": _(
        "The right %(right)s is missing: the consent does not include it, or was withdrawn. Press "
        "Connect and let a global administrator accept."
    ),
    "graph_refused": _(
        "Microsoft Graph refused the call. If it stays so, give support the reference."
    ),
    "check_failed": _(
        "The portal could not finish this check. If it stays so, give support the reference."
    ),
    "provider_silent": _("The provider has sent nothing since %(until)s."),
    "registration_expires": _(
        "The secret or certificate of the registration for %(purpose)s expires on %(last_day)s. "
        "Enter a new one under Application registrations."
    ),
    "consent_withdrawn": _(
        "The consent for %(purpose)s does not hold any more. Switch it off and on again on the "
        "connector's page, and let a global administrator accept."
    ),
    "line_without_device": _("Held: the line's SIM is in no known device."),
    "not_the_data_sim": _("Held: another SIM of the device carries its data."),
    "device_gone": _("The line's SIM is no longer in this device."),
    "no_cellular_hardware": _("This device has no mobile radio, so there is nothing to block."),
    "os_too_old": _("%(platform)s %(version)s is below the supported minimum (%(minimum)s)."),
    "ios8_no_cellular_rule": _(
        "iOS 8 has no rule for mobile data per app; update the device to iOS 9 or later."
    ),
    "missing_access_right": _('The enrolment profile does not grant the right "%(right)s".'),
    "managed_apps_only": _(
        "On iOS and iPadOS a block of cellular data binds managed apps only; the user's own apps "
        "keep it."
    ),
    "roaming_can_be_turned_on": _(
        "On iOS and iPadOS the user can turn data roaming on again; it is looked at every four "
        "hours and turned off anew."
    ),
    "da_mode_android15": _(
        "Device-administrator mode may have lost access to Knox restrictions on Android 15; "
        "enrol the device as fully managed."
    ),
    "device_drifts": _(
        "The restriction was undone on the device %(times)s times; it was put back each time."
    ),
    "device_unheard": _(
        "The device has not answered since %(since)s. A block that it did not hear expires after a "
        "day; it is asked, and told again, when it comes by."
    ),
    "device_format_error": _(
        "The device cannot read the format of a command. That is a fault of the portal: report it."
    ),
    "user_enrollment": _(
        "Personally enrolled Apple devices do not accept roaming or cellular controls."
    ),
    "not_knox": _("Only Samsung Knox devices can have mobile data switched off remotely."),
    "work_profile_only": _("Only the work profile is managed; mobile data belongs to the owner."),
    "not_enrolled": _("The device is not, or no longer, under management."),
    "no_gateway": _(
        "The portal knows this device from the inventory only; no gateway leads to it, so it "
        "cannot be restricted."
    ),
    "inventory_two_devices": _(
        "Its serial number and its IMEI belong to two devices of the portal. Correct or retire one "
        "of them; the next sync takes it up."
    ),
    "inventory_device_taken": _(
        "Another managed device has the same serial number or IMEI. When that one is gone, the "
        "next sync takes this one up."
    ),
    "claim_account_disabled": _("The account is disabled."),
    "claim_guest": _("The account is a guest, not a member."),
    "claim_already_licensed": _("The user has a licence for the app already."),
    "claim_switched_off": _(
        "The user has a product with this app, and an administrator switched the app off in it."
    ),
    "claim_holds_seat": _("A claim of the user for this app holds a seat already."),
    "claim_taken_away": _(
        "An administrator took the licence away; until that is cleared the user gets no other."
    ),
    "claim_excluded": _("The user is in a group that the policy excludes."),
    "claim_not_included": _("The user is in none of the groups that the policy is for."),
    "claim_no_usage_location": _(
        "The user has no usage location, and Microsoft assigns no licence without one."
    ),
    "claim_daily_cap": _("The policy gave as many licences today as it may."),
    "claim_no_seat": _("No product of the policy has a free seat; the user waits for one."),
    "claim_refused": _("Microsoft refused the licence, of every product that was tried."),
    "claim_clash": _("The product clashes with a service that the user has."),
    "claim_not_usable": _("No subscription of the policy's products is active."),
    "claim_without_app": _("The products of the policy do not give this app."),
    "claim_no_product": _("The policy has no product."),
    "seats_low": _("%(free)s seats are left; at the present pace they last %(days)s days."),
    "seats_gone": _("The policy has no seat left, and %(waiting)s users wait for one."),
    "claim_policy_off": _("The policy was off when the sign-in was judged."),
    "claim_account_gone": _("Microsoft does not know this account."),
    "claim_inherited": _("The licence comes from a group and can only be removed there."),
    "cloud_not_connected": _("The tenant is not connected to Microsoft yet."),
    "cloud_failed": _("Microsoft could not do it; it is tried again."),
    "cloud_forbidden": _("Microsoft did not allow it: the consent is missing or has ended."),
    "cloud_throttled": _("Microsoft asked to wait; it is tried again."),
    "cloud_unreachable": _("Microsoft could not be reached; it is tried again."),
    "cloud_uncertain": _("No answer came from Microsoft; it is looked at before trying again."),
    "unknown_platform": _("Only Samsung Knox, iOS and iPadOS are supported."),
}


def sentence(key: str, facts: dict[str, Any] | None = None) -> str:
    """The sentence of a key in the active language, with its figures filled in."""
    if not key:
        return ""
    template = SENTENCES.get(key)
    if template is None:
        return key
    try:
        return str(template) % {name: _shown(name, value) for name, value in (facts or {}).items()}
    except (KeyError, TypeError, ValueError):
        return key


def english(key: str, facts: dict[str, Any] | None = None) -> str:
    """The sentence in English, for records that outlive any reader's language."""
    with translation.override("en"):
        return sentence(key, facts)


def _scope(value: str) -> str:
    kind, _colon, name = value.partition(":")
    if kind == "zone":
        return str(_("data in the zone %(name)s") % {"name": name})
    return str(SCOPES.get(value, value))


def _shown(name: str, value: Any) -> str:
    if name in {"used", "limit", "cap"}:
        return str(_("no limit")) if value is None else volume(int(value))
    if name == "scope":
        return _scope(str(value))
    if name in {"spent", "price"}:
        return number_format(Decimal(value).quantize(_CENT, rounding=ROUND_HALF_EVEN))
        return str(SCOPES.get(value, value))
    if name == "purpose":
        return str(PURPOSES.get(value, value))
    if name == "platform":
        return PLATFORMS.get(value, str(value))
    if name in {"until", "since"}:
        return moment(datetime.fromisoformat(value) if isinstance(value, str) else value)
    if name.endswith("_day"):
        return day(date.fromisoformat(value) if isinstance(value, str) else value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return number_format(value, use_l10n=True)
    return str(value)
