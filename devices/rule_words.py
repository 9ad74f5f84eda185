"""What is said of a rule that cannot be understood: one sentence per code of RuleError."""

from django.utils.translation import gettext_lazy as _

from devices.rules import RuleError

WORDS = {
    "too_long": _("The rule has %(length)s characters; %(longest)s are allowed."),
    "curly_quote": _('Use straight quotes, as in "iPad", in place of %(found)s.'),
    "unknown_character": _("The character %(found)s has no meaning here."),
    "ends_in_backslash": _(
        "A text may not end in a backslash: it cannot be told from a quote inside the text."
    ),
    "open_quote": _("The text that begins here has no closing quote %(quote)s."),
    "empty_rule": _('The rule is empty. Write for instance device.deviceModel -contains "iPad".'),
    "bracket_not_opened": _("The bracket %(found)s was never opened."),
    "bracket_open": _("The bracket that opens here is never closed."),
    "joiner_missing": _("Before %(found)s, -and or -or is missing."),
    "too_deep": _("The brackets are nested more than %(deepest)s deep."),
    "rule_ends": _("The rule ends here, but a comparison is missing."),
    "property_wanted": _(
        "A property such as device.deviceModel is expected in place of %(found)s."
    ),
    "user_property": _(
        "%(name)s is a property of users. The rule of a device group may only ask for devices."
    ),
    "withdrawn_property": _("%(name)s is recognised no more: no device would ever match."),
    "unknown_property_near": _("Devices have no property %(name)s. Did you mean %(meant)s?"),
    "unknown_property": _("Devices have no property %(name)s."),
    "item_outside": _("_ stands for an item of a collection and is only known after -any or -all."),
    "nested_quantifier": _("-any and -all may not stand inside one another."),
    "operator_not_here": _("%(found)s cannot be used with %(name)s. These can: %(accepted)s."),
    "operator_wanted": _("An operator is expected after %(name)s, one of: %(accepted)s."),
    "null_operator": _("null can only be compared by -eq and -ne."),
    "group_wanted": _("After -any, group.objectId is expected."),
    "list_not_here": _("%(operator)s takes one value and no list. Lists go with -in and -notIn."),
    "value_missing": _("After %(operator)s, a value is missing."),
    "boolean_wanted": _("%(name)s is compared with true or false, without quotes."),
    "text_wanted": _("%(name)s is compared with a text in quotes."),
    "list_wanted": _('A list in square brackets is expected, as in ["iPad", "iPhone"].'),
    "list_open": _("The list that begins here is never closed."),
    "list_item_wanted": _("Each item of a list is a text in quotes."),
    "comma_wanted": _("Between the items of a list, a comma is expected."),
    "bad_pattern": _("The pattern cannot be read: %(why)s."),
    "unknown_group": _("No group has the object ID %(group)s."),
    "group_circle": _("The rule would depend on itself by way of the group %(group)s."),
}


def rule_sentence(error: RuleError) -> str:
    """The sentence of an error in the active language."""
    return str(WORDS[error.code]) % error.facts
