"""The connector's switch: off undoes what came from it and only that, on judges afresh."""

from __future__ import annotations

from uuid import uuid4

import pytest

from alerts.models import Alert
from connectors.actions.signals import SignalRequest, receive
from connectors.actions.switch import set_enabled
from connectors.models import Connector, Signal, SignalledRestriction
from devices.actions.devices import put_sim_in
from devices.actions.restrictions import block_by_hand
from devices.models import RestrictionReason
from tests.engine.scene import (
    APRIL,
    DAY,
    GB,
    MB,
    NOW,
    a_plan,
    blocked,
    lines_with_phones,
    online,
    phone,
    settle,
    sim_of,
    spare_phone,
    use,
)
from tests.factories import UserFactory
from usage.models import Decision, Plan
from usage.workers.due import make_due

pytestmark = pytest.mark.usefixtures("in_northwind")


def switch(enabled: bool) -> int:
    return set_enabled(
        connector=Connector.objects.get(), enabled=enabled, by=UserFactory(), now=NOW
    )


def outcomes() -> list[tuple[str, str]]:
    return list(Signal.objects.order_by("pk").values_list("action", "outcome"))


def test_off_undoes_every_restriction_of_the_connector_and_none_set_by_hand():
    everyone = lines_with_phones("ios", "knox", "ipados")
    for line, _ in everyone:
        use(line, GB)
    last = everyone[2][1]
    block_by_hand(device=last, restriction="roaming_data", by=UserFactory(), reason="x", now=NOW)
    settle()
    assert switch(False) == 3
    settle()
    assert [blocked(device) for _, device in everyone] == [set(), set(), {"roaming_data"}]
    assert set(RestrictionReason.objects.values_list("origin", flat=True)) == {"manual"}


def test_a_phone_that_was_offline_is_released_when_it_returns():
    [(line, device)] = lines_with_phones("ios")
    use(line, GB)
    settle()
    online(device, False)
    switch(False)
    settle()
    assert phone(device).restrictions() == {"cellular_data"}
    online(device, True)
    settle()
    assert blocked(device) == set()


def test_while_off_usage_and_alerts_go_on_and_signals_are_ignored():
    [(line, device)] = lines_with_phones("ios")
    switch(False)
    use(line, GB)
    settle()
    assert blocked(device) == set()
    assert outcomes() == [("block", "ignored")]
    assert Signal.objects.get().outcome_reason == "portal_switched_off"
    assert Alert.objects.count() == 2
    assert Decision.objects.latest("pk").restrictions == ["cellular_data"]
    make_due()
    settle()
    assert len(outcomes()) == 1


def test_on_again_blocks_afresh_what_is_over_now_and_replays_nothing():
    (over, over_phone), (grown, grown_phone), (eased, eased_phone) = lines_with_phones(
        "ios", "knox", "ipados", plan=a_plan()
    )
    use(over, GB)
    use(eased, 100 * MB, country="FR")
    settle()
    switch(False)
    settle()
    use(grown, GB)
    settle()
    Plan.objects.update(roaming_cap=GB)
    assert switch(True) == 0
    settle()
    assert blocked(over_phone) == blocked(grown_phone) == {"cellular_data"}
    assert blocked(eased_phone) == set()


def test_pressing_the_switch_twice_is_pressing_it_once():
    [(line, device)] = lines_with_phones("ios")
    use(line, GB)
    settle()
    assert switch(True) == 0
    settle()
    assert outcomes() == [("block", "processed")]
    assert switch(False) == 1
    assert switch(False) == 0
    settle()
    assert blocked(device) == set()


def test_a_connector_that_pauses_neither_blocks_nor_unblocks_and_catches_up(clock):
    """The provider's side was off while the portal's switch stayed on."""
    (over, over_phone), (later, later_phone) = lines_with_phones("ios", "knox")
    use(over, GB)
    settle()
    Connector.objects.update(provider_enabled=False)
    use(later, GB)
    settle()
    assert blocked(over_phone) == {"cellular_data"}
    assert blocked(later_phone) == set()
    clock.move_to(APRIL + DAY)
    settle()
    assert blocked(over_phone) == {"cellular_data"}
    Connector.objects.update(provider_enabled=True)
    make_due()
    settle()
    assert blocked(over_phone) == set()
    assert blocked(later_phone) == set()
    assert not SignalledRestriction.objects.exists()


def test_a_block_that_moved_while_the_connector_paused_leaves_no_phone_behind():
    [(line, old)] = lines_with_phones("ios")
    use(line, GB)
    settle()
    Connector.objects.update(provider_enabled=False)
    new = spare_phone("knox")
    put_sim_in(device=new, sim=sim_of(line), now=NOW, by=None)
    settle()
    Connector.objects.update(provider_enabled=True)
    make_due()
    settle()
    assert (blocked(old), blocked(new)) == (set(), {"cellular_data"})


def test_a_signal_received_twice_is_a_duplicate_and_changes_nothing():
    [(line, device)] = lines_with_phones("ios")
    settle()
    connector = Connector.objects.get()

    def request(action, key):
        return SignalRequest(
            key=key,
            restriction="roaming_data",
            action=action,
            line_id=line.pk,
            device_id=device.pk,
            occurred_at=NOW,
        )

    block, unblock = uuid4(), uuid4()
    receive(connector=connector, requests=[request("block", block)], now=NOW)
    receive(connector=connector, requests=[request("block", block)] * 2, now=NOW)
    assert outcomes() == [("block", "processed"), ("block", "duplicate"), ("block", "duplicate")]
    receive(connector=connector, requests=[request("unblock", unblock)], now=NOW)
    receive(connector=connector, requests=[request("block", block)], now=NOW)
    settle()
    assert blocked(device) == set()
