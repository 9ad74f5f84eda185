from usage.models.bulk_change import BulkChange, BulkChangeItem, Fact, ItemState
from usage.models.carrier import Carrier
from usage.models.column_preset import ColumnPreset
from usage.models.counter_reading import CounterReading
from usage.models.decision import Decision
from usage.models.line import Line, LinePerson, LinePlan, LinePolicy, LineSim, LineState
from usage.models.line_exception import ExceptionKind, HelpdeskAllowance, LineException
from usage.models.line_watch import LineWatch
from usage.models.plan import CycleKind, Plan
from usage.models.policy import Measure, Period, Policy, Scope, Threshold
from usage.models.unmatched import NameKind, UnmatchedName, UnmatchedRow, UnmatchedState
from usage.models.usage_counter import UsageCounter
from usage.models.usage_file import UsageFile
from usage.models.usage_import import ImportState, UsageImport
from usage.models.usage_record import Source, UsageRecord
from usage.models.zone import Zone, ZoneCountry

__all__ = [
    "BulkChange",
    "BulkChangeItem",
    "Carrier",
    "ColumnPreset",
    "CounterReading",
    "CycleKind",
    "Decision",
    "ExceptionKind",
    "Fact",
    "HelpdeskAllowance",
    "ImportState",
    "ItemState",
    "Line",
    "LineException",
    "LinePerson",
    "LinePlan",
    "LinePolicy",
    "LineSim",
    "LineState",
    "LineWatch",
    "Measure",
    "NameKind",
    "Period",
    "Plan",
    "Policy",
    "Scope",
    "Source",
    "Threshold",
    "UnmatchedName",
    "UnmatchedRow",
    "UnmatchedState",
    "UsageCounter",
    "UsageFile",
    "UsageImport",
    "UsageRecord",
    "Zone",
    "ZoneCountry",
]
