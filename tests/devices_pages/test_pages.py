"""The pages of devices."""

from __future__ import annotations

import pytest
from django.utils import timezone

from common.refusals import Refused
from common.tenancy import tenant_scope
from devices.actions import devices as acts
from devices.actions.devices import DeviceTerms, add_simulated_devices
from devices.forms.numbers import passes_luhn
from devices.models import Device, DeviceControl, DeviceSim, SimulatedDevice
from devices.wire import LONGEST, wire_text
from tests.usage_factories import SimFactory, make_device, make_line_with_device

pytestmark = pytest.mark.django_db
DEVICES = "/t/contoso/devices/"


def test_simulated_devices_are_believable_and_never_the_same(in_contoso):
    sims = [SimFactory(tenant=in_contoso) for _n in range(30)]
    made = add_simulated_devices(sims=sims, now=timezone.now())
    assert [DeviceSim.objects.get(device=device).sim for device in made] == sims
    assert len({device.imei for device in made}) == len({device.serial for device in made}) == 30
    assert all(passes_luhn(device.imei) and len(device.imei) == 15 for device in made)
    assert {device.platform for device in made} == {"ios", "ipados", "knox"}
    assert SimulatedDevice.objects.count() == DeviceControl.objects.count() == 30


def test_a_device_is_added_by_a_plain_form(contoso, alice, client_for):
    client = client_for(alice)
    typed = {"name": "Phone of Kim", "platform": "ios", "imei": "49-015420-323751-8",
             "has_mobile_radio": "on"}  # fmt: skip
    wrong = client.post(f"{DEVICES}add/", {**typed, "imei": "490154203237519"})
    assert wrong.status_code == 422
    assert "probably mistyped" in wrong.content.decode()
    page = client.post(f"{DEVICES}add/", typed, follow=True).content.decode()
    assert "490154203237518" in page
    assert "Simulated" in page
    again = client.post(f"{DEVICES}add/", typed)
    assert again.status_code == 422
    assert "Another device already has this IMEI." in again.content.decode()


def test_a_sim_is_put_in_by_its_number(contoso, alice, client_for):
    device = make_device(contoso)
    sim = SimFactory(tenant=contoso)
    client = client_for(alice)
    url = f"{DEVICES}{device.pk}/sim/"
    assert client.post(url, {"slot": "2"}).status_code == 422
    assert client.post(url, {"slot": "2", "iccid": "8931440400000009999"}).status_code == 422
    assert client.post(url, {"slot": "2", "iccid": sim.iccid}).status_code == 302
    with tenant_scope(contoso.pk):
        seat = DeviceSim.objects.open().get(sim=sim)
        assert (seat.device, seat.slot, seat.data_preferred) == (device, 2, False)
    client.post(f"{DEVICES}{device.pk}/sim/{sim.pk}/out/")
    with tenant_scope(contoso.pk):
        assert not DeviceSim.objects.open().filter(sim=sim).exists()


def test_a_retired_device_frees_its_sim_and_numbers_and_is_refused_from_then_on(in_contoso, alice):
    device = make_device(in_contoso)
    acts.retire(device=device, now=timezone.now(), by=alice)
    assert not DeviceSim.objects.open().filter(device=device).exists()
    with pytest.raises(Refused):
        acts.retire(device=device, now=timezone.now(), by=alice)
    terms = DeviceTerms(name="Again", platform="ios", imei=device.imei, serial=device.serial)
    acts.add(terms=terms, now=timezone.now(), by=alice)
    with pytest.raises(Refused):
        acts.edit(device=device, terms=terms, by=alice)


def test_devices_are_found_and_filtered(contoso, alice, client_for):
    device = make_device(contoso)
    other = make_device(contoso)
    with tenant_scope(contoso.pk):
        DeviceControl.objects.filter(device=device).update(desired=["roaming_data"])
        DeviceControl.objects.filter(device=other).update(observed=[])
    client = client_for(alice)

    def found(**query) -> set[int]:
        return {row.pk for row in client.get(DEVICES, query).context["devices"].rows}

    assert found(q=device.imei) == found(q=device.serial) == {device.pk}
    assert found(restrictions="wanted") == found(restrictions="pending") == {device.pk}
    assert found(restrictions="seen") == found(restrictions="error") == set()
    assert found(restrictions="x") == {device.pk, other.pk}


def test_a_device_shows_its_lines_by_an_address_that_also_works_as_a_page(contoso, bob, client_for):
    line, device = make_line_with_device(contoso)
    client = client_for(bob)
    page = client.get(f"{DEVICES}{device.pk}/").content.decode()
    panel = f"/t/contoso/lines/of-device/{device.pk}/"
    assert f'href="{panel}"' in page
    assert f'hx-get="{panel}"' in page
    assert line.label in client.get(panel).content.decode()
    part = client.get(panel, headers={"HX-Request": "true", "HX-Target": "device-lines"})
    assert b"<html" not in part.content
    assert line.label in part.content.decode()


def test_what_went_over_the_wire_is_shown_as_it_was():
    assert wire_text(b'<?xml version="1.0"?><plist/>').text == '<?xml version="1.0"?><plist/>'
    assert wire_text(b'{"a":{"b":1}}').text == '{\n  "a": {\n    "b": 1\n  }\n}'
    assert wire_text(b"\xff\x00").text == "ff 00"
    assert wire_text(b'{"broken').format == "bytes"
    assert wire_text(b"[" * 5000).format == "bytes"
    assert len(wire_text(b"<?xml" + b"x" * 10**6).text) == LONGEST + 1


def test_a_device_of_another_tenant_cannot_take_a_sim_of_this_one(
    contoso, fabrikam, alice, client_for
):
    device = make_device(fabrikam)
    assert client_for(alice).get(f"{DEVICES}{device.pk}/").status_code == 404
    with tenant_scope(fabrikam.pk):
        assert Device.objects.get(pk=device.pk).name == device.name
