"""The rule language of dynamic device groups, as Microsoft Entra has it.

Pure: `parse()` turns text into a tree or a RuleError that points at a character, `evaluate()`
judges one device with a trace, `compile_rule()` gives one SQL condition for a whole tenant. The
two must always agree; a property test holds them to it. Facts of the language (operators,
precedence, properties): learn.microsoft.com, "Manage rules for dynamic membership groups".
"""

from devices.rules.evaluator import Facts, Outcome, Step, evaluate
from devices.rules.parser import parse
from devices.rules.properties import PROPERTIES, Kind, Property, fold
from devices.rules.sql import Sql, compile_rule
from devices.rules.tree import LONGEST, Rule, RuleError, groups_named, texts_named

__all__ = [
    "LONGEST",
    "PROPERTIES",
    "Facts",
    "Kind",
    "Outcome",
    "Property",
    "Rule",
    "RuleError",
    "Sql",
    "Step",
    "compile_rule",
    "evaluate",
    "fold",
    "groups_named",
    "parse",
    "texts_named",
]
