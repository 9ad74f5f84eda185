"""The simulator: pretend phones that get real commands and answer in their own time."""

from devices.gateways.simulator.gateway import SimulatorGateway

__all__ = ["SimulatorGateway"]
