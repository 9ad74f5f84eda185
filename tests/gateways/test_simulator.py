"""The simulator keeps the contract of gateways, both ways in which its phones answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from devices.actions.devices import add_simulated_devices
from devices.gateways import gateway
from devices.gateways.simulator import fleet, inside, phone, polling
from devices.models import Device, Sim, SimulatedDevice
from tests.gateways.contract import GatewayContract

LATER = timedelta(seconds=1)
MODES = {"ios": "device", "ipados": "device", "knox": "DO"}


class Simulated:
    """tests.gateways.contract.Side of the simulator; phones answer inside the process."""

    platforms = ("ios", "ipados", "knox")

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gateway = gateway("simulator")
        self._arrived: list[tuple[str, bytes]] = []
        for module in (fleet, inside):
            monkeypatch.setattr(module, "answer", self._seen)

    def _seen(self, *, phone, payload, now):
        self._arrived.append((phone.udid, bytes(payload)))
        return REAL(phone=phone, payload=payload, now=now)

    def device(self, platform: str) -> Device:
        [device] = add_simulated_devices(sims=[Sim.objects.create()], now=timezone.now())
        # Every phone has a UDID here, so that arrivals can be told apart.
        fields = {"platform": platform, "management_mode": MODES[platform]}
        Device.objects.filter(pk=device.pk).update(**fields, os_version="18.1", udid=str(device.pk))
        device.refresh_from_db()
        return device

    def out_of_reach(self, device: Device) -> None:
        SimulatedDevice.objects.filter(device=device).update(online=False)

    def in_reach(self, device: Device) -> None:
        SimulatedDevice.objects.filter(device=device).update(online=True)

    def deliver(self) -> None:
        while fleet.answer_due(now=timezone.now() + LATER):
            pass

    def arrived(self, device: Device) -> list[bytes]:
        return [payload for udid, payload in self._arrived if udid == device.udid]


REAL = phone.answer


class OverHttp(Simulated):
    """The same phones, each speaking to the portal's web server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
        super().__init__(monkeypatch)
        self.origin = origin
        self.session = requests.Session()
        self.session.trust_env = False

    def deliver(self) -> None:
        while polling.poll_due(origin=self.origin, session=self.session):
            pass


@pytest.mark.usefixtures("in_contoso")
@pytest.mark.django_db
class TestSimulator(GatewayContract):
    @pytest.fixture
    def side(self, monkeypatch):
        return Simulated(monkeypatch)


@pytest.mark.usefixtures("in_contoso")
@pytest.mark.django_db(transaction=True)
class TestSimulatorOverHttp(GatewayContract):
    @pytest.fixture
    def side(self, monkeypatch, live_server):
        side = OverHttp(monkeypatch, live_server.url)
        yield side
        side.session.close()
