"""Presets of columns: kept from an import, followed by files with that header, edited, deleted."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tests.conftest import client_of
from tests.imports.conftest import HEADER, Uploader, work
from tests.usage_factories import CarrierFactory, ColumnPresetFactory
from usage.models import ColumnPreset

pytestmark = pytest.mark.django_db
PRESETS = "/t/contoso/imports/presets/"


@pytest.fixture
def kept(dana_at_imports, usual) -> str:
    """The page of an import whose answers were kept: numbers with a comma, another zone."""
    page = dana_at_imports.uploaded(usual)
    response = dana_at_imports.choose(
        page, keep_as="KPN monthly", zone="Europe/London", number_form="comma"
    )
    assert response.status_code == 302
    return page


def test_a_file_with_the_same_header_begins_with_the_answers(dana_at_imports, usual, kept):
    again = dana_at_imports.uploaded(usual.replace(b"100,5", b"101,5"))
    said = dana_at_imports.guesses(again)
    assert (said["zone"], said["number_form"], said["unit"]) == ("Europe/London", "comma", "MB")
    assert not said["create_lines"]
    shown = dana_at_imports.client.get(f"{again}columns/").content.decode()
    assert "the preset “KPN monthly”" in shown
    assert dana_at_imports.choose(again).status_code == 302
    work()
    assert dana_at_imports.counts(again)["accepted"] == 120


@pytest.mark.parametrize("header", [HEADER + ";Kosten", "Telefoonnummer;Starttijd;Verbruik;Land"])
def test_a_file_with_another_header_does_not(dana_at_imports, usual, kept, header):
    rows = usual.decode().splitlines()[1:]
    wider = [row + ";1" if header.endswith("Kosten") else row for row in rows]
    page = dana_at_imports.uploaded("\n".join([header, *wider]).encode())
    assert dana_at_imports.guesses(page)["zone"] == "Europe/Amsterdam"
    assert "As kept:" not in dana_at_imports.client.get(f"{page}columns/").content.decode()


def test_a_file_of_another_carrier_does_not(dana_at_imports, usual, kept, contoso):
    other = Uploader(dana_at_imports.client, CarrierFactory(tenant=contoso, name="Odido"))
    assert other.guesses(other.uploaded(usual))["zone"] == "Europe/Amsterdam"


def test_keeping_under_a_known_name_replaces_those_answers(dana_at_imports, usual, kept, contoso):
    page = dana_at_imports.uploaded(usual)
    dana_at_imports.choose(page, keep_as="KPN monthly", zone="Europe/Paris")
    with tenant_scope(contoso.pk):
        preset = ColumnPreset.objects.get()
        assert preset.options["zone"] == "Europe/Paris"
        acts = AuditEvent.objects.filter(action__startswith="column_preset.").order_by("pk")
        assert [act.action for act in acts] == ["column_preset.added", "column_preset.edited"]
        assert acts[1].before == {"zone": "Europe/London"}
        assert acts[1].after == {"zone": "Europe/Paris"}


def test_a_preset_is_edited_and_deleted(dana_at_imports, kept, contoso):
    client = dana_at_imports.client
    with tenant_scope(contoso.pk):
        pk = ColumnPreset.objects.get().pk
    form = client.get(f"{PRESETS}{pk}/").context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    assert said["volume_column"] == "Verbruik (MB)"
    saved = client.post(f"{PRESETS}{pk}/", {**said, "name": "Monthly", "unit": "GB"})
    assert saved.status_code == 302, saved.context["form"].errors
    assert "Monthly" in client.get(PRESETS).content.decode()
    refused = client.post(f"{PRESETS}{pk}/", {**said, "time_column": "Verbruik (MB)"})
    assert refused.status_code == 422
    assert "chosen twice" in refused.content.decode()
    assert client.post(f"{PRESETS}{pk}/delete/").status_code == 302
    with tenant_scope(contoso.pk):
        assert not ColumnPreset.objects.exists()
        last = AuditEvent.objects.filter(action="column_preset.deleted").get()
        assert last.before["unit"] == "GB"


def test_two_presets_of_a_carrier_have_two_names(dana_at_imports, kept, contoso, kpn):
    other = ColumnPresetFactory(tenant=contoso, carrier=kpn, name="Weekly")
    client = dana_at_imports.client
    form = client.get(f"{PRESETS}{other.pk}/").context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    refused = client.post(f"{PRESETS}{other.pk}/", {**said, "name": "KPN monthly"})
    assert refused.status_code == 422
    assert "already has this name" in refused.content.decode()


def test_who_only_sees_lines_sees_presets_and_changes_none(bob, contoso):
    pk = ColumnPresetFactory(tenant=contoso).pk
    client = client_of(bob)
    assert client.get(PRESETS).status_code == 200
    assert client.get(f"{PRESETS}{pk}/").status_code == 403
    assert client.post(f"{PRESETS}{pk}/delete/").status_code == 403


def test_the_list_costs_the_same_with_many(dana, contoso, django_assert_max_num_queries):
    client = client_of(dana)
    ColumnPresetFactory.create_batch(3, tenant=contoso)
    client.get(PRESETS)
    with django_assert_max_num_queries(60) as few:
        client.get(PRESETS)
    ColumnPresetFactory.create_batch(27, tenant=contoso)
    with django_assert_max_num_queries(len(few)):
        client.get(PRESETS)
