from devices.models.category_move import CategoryMove, CategoryMoveItem, MoveState
from devices.models.command import Command, CommandStatus
from devices.models.device import Device, DeviceState, Platform
from devices.models.device_category import DeviceCategory
from devices.models.device_control import DeviceControl
from devices.models.device_facts import DeviceFacts
from devices.models.device_token import DeviceToken
from devices.models.group import Group, GroupKind, GroupMember, GroupWatch
from devices.models.restriction_reason import MANUAL, Restriction, RestrictionReason
from devices.models.sim import DeviceSim, Sim
from devices.models.simulated_device import Bearer, SimulatedDevice, SimulatorMessage

__all__ = [
    "MANUAL",
    "Bearer",
    "CategoryMove",
    "CategoryMoveItem",
    "Command",
    "CommandStatus",
    "Device",
    "DeviceCategory",
    "DeviceControl",
    "DeviceFacts",
    "DeviceSim",
    "DeviceState",
    "DeviceToken",
    "Group",
    "GroupKind",
    "GroupMember",
    "GroupWatch",
    "MoveState",
    "Platform",
    "Restriction",
    "RestrictionReason",
    "Sim",
    "SimulatedDevice",
    "SimulatorMessage",
]
