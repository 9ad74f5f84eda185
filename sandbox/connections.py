"""The demo's tenants connected to their pretend organisations; others are left to connect."""

from __future__ import annotations

from datetime import datetime

from common.tenancy import tenant_scope
from connectors.actions.connecting import accept
from connectors.models import Connector, MdmServer, Provider, Purpose
from connectors.ports import ExampleDirectory
from devices.models import Device, DeviceSim
from sandbox.cloud import seed
from sandbox.cloud.graph.changes import save
from sandbox.models import CloudObject, Kind
from sandbox.world import TENANTS
from tenants.entra_members import choose
from tenants.models import Person, Tenant
from usage.models import LinePerson, LineSim, LineState

STRANGE = 4
"""How many managed devices of a pretend Intune are not the demo's own phones."""
FOR_DEMO = {seed.CONTOSO.name: seed.CONTOSO, seed.FABRIKAM.name: seed.FABRIKAM}


def examples() -> list[ExampleDirectory]:
    """Organisations that belong to no tenant of the demo."""
    return [
        ExampleDirectory(name=each.name, domain=each.domain)
        for each in seed.ORGANISATIONS
        if each.name not in FOR_DEMO
    ]


def _manage_phones(organisation: seed.Organisation) -> None:
    """Most phones of the pretend Intune are phones of the demo: those of the lines they name.

    Of the others one is still in its box, so that the first sync adds it, and some name lines
    whose SIM the portal knows in another phone, so that somebody has to decide.
    """
    objects = CloudObject.objects.filter(
        cloud_tenant_id=organisation.id, kind=Kind.MANAGED_DEVICE, removed=False
    )
    phones = sorted(objects, key=lambda row: str(row.body["phoneNumber"]))
    numbers = [row.body["phoneNumber"] for row in phones]
    links = {
        link.line.msisdn: link
        for link in LineSim.objects.open()
        .filter(line__msisdn__in=numbers, line__state=LineState.ACTIVE)
        .select_related("line", "sim")
    }
    seats = {
        seat.sim_id: seat.device
        for seat in DeviceSim.objects.open()
        .filter(sim__in=[link.sim_id for link in links.values()])
        .select_related("device__category")
    }
    holders = {
        link.line.msisdn: link.person
        for link in LinePerson.objects.open()
        .filter(line__msisdn__in=numbers)
        .select_related("line", "person")
    }
    for row in phones[:-STRANGE]:
        link = links.get(row.body["phoneNumber"])
        if link is not None and link.sim_id in seats:
            _become(row, seats[link.sim_id], link.sim.iccid, holders.get(link.line.msisdn))
    in_its_box = phones[-1]
    in_its_box.body |= {"phoneNumber": "", "iccid": ""}
    save(in_its_box)


def _become(row: CloudObject, device: Device, iccid: str, holder: Person | None) -> None:
    """The managed device is this phone of the portal."""
    system = {"ios": "iOS", "ipados": "iPadOS"}.get(device.platform, "Android")
    apple = system != "Android"
    row.body |= {
        "deviceName": device.name,
        "managedDeviceName": f"{device.name}_{device.serial}",
        "operatingSystem": system,
        "osVersion": device.os_version,
        "deviceType": {"iOS": "iPhone", "iPadOS": "iPad"}.get(system, "androidEnterprise"),
        "managementAgent": "mdm" if apple else "googleCloudDevicePolicyController",
        "deviceEnrollmentType": "appleBulkWithUser" if apple else "unknown",
        "model": device.model,
        "manufacturer": "Apple" if apple else "samsung",
        "serialNumber": device.serial,
        "imei": device.imei,
        "udid": device.udid or None,
        "iccid": iccid,
    }
    if device.category is not None:
        owner = "personal" if device.category.is_personal else "company"
        row.body |= {
            "deviceCategoryDisplayName": device.category.name,
            "managedDeviceOwnerType": owner,
        }
    if holder is not None:
        row.body |= {
            "userDisplayName": holder.name,
            "userPrincipalName": holder.email,
            "emailAddress": holder.email,
        }
    save(row)


def connect_demo(*, now: datetime) -> None:
    """As if each demo tenant's administrator had connected the built-in engine and accepted.

    Their people may sign in with Microsoft, too.
    """
    for demo in TENANTS:
        organisation = FOR_DEMO[demo.name]
        tenant = Tenant.objects.get(slug=demo.slug)
        seed.consent(organisation.id, Purpose.CONNECTION, now=now)
        with tenant_scope(tenant.pk):
            _manage_phones(organisation)
            accept(
                connector=Connector.objects.get(provider=Provider.BUILT_IN),
                directory_id=str(organisation.id),
                mdm_server=MdmServer.INTUNE,
                account=f"{organisation.people[0].name}@{organisation.domain}",
                by=None,
                now=now,
            )
            choose(directory_id=organisation.id, enabled=True, by=None)
