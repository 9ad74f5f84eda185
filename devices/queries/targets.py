"""A device as the planner sees it."""

from devices.models import Device
from devices.plan import Target


def target_of(device: Device) -> Target:
    """The planner's view of a device row."""
    return Target(
        platform=device.platform,
        os_version=device.os_version,
        has_mobile_radio=device.has_mobile_radio,
        management_mode=device.management_mode,
        state=device.state,
    )
