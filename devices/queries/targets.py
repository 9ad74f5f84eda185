"""A device and its control as the planner sees them."""

from devices.models import Device, DeviceControl
from devices.plan import Situation
from devices.refusals import Target


def target_of(device: Device) -> Target:
    """The planner's view of a device row."""
    return Target(
        platform=device.platform,
        os_version=device.os_version,
        has_mobile_radio=device.has_mobile_radio,
        management_mode=device.management_mode,
        state=device.state,
        access_rights=device.access_rights,
        has_gateway=bool(device.gateway),
    )


def situation_of(control: DeviceControl) -> Situation:
    """The planner's view of a control row."""
    return Situation(
        desired=frozenset(control.desired),
        observed=None if control.observed is None else frozenset(control.observed),
        must_look=control.must_look,
        observed_at=control.observed_at,
        rules=None if control.rules is None else frozenset(control.rules),
        data_roaming=control.data_roaming,
        roaming_before=control.roaming_before_block,
        to_read=frozenset(control.to_read),
    )
