"""The containers of docker-compose.yml: all of them watched, and set by names that exist."""

import re
from typing import Any

import yaml

from devtools.portal import QUEUES
from tests.setup.portal_run import ROOT

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = {"prepare", "web", "worker", "beat"}


def test_web_worker_scheduler_and_their_servers_are_there() -> None:
    assert SERVICES.keys() == OURS | {"postgres", "redis"}
    assert {SERVICES[name]["image"] for name in OURS} == {"tem-portal"}


def test_everything_that_stays_up_has_a_health_check() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {
        "prepare"
    }


def test_settings_read_every_variable_that_is_set() -> None:
    source = "".join(file.read_text() for file in (ROOT / "tem_portal").glob("*.py"))
    read = set(re.findall(r"""(?:env(?:\.\w+)?\(|env,)\s*["']([A-Z_]+)["']""", source))
    for name in OURS:
        assert SERVICES[name]["environment"].keys() <= read


def test_it_is_the_demo_and_only_this_machine_reaches_it() -> None:
    assert all(SERVICES[name]["environment"]["SANDBOX"] == "1" for name in OURS)
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert all("ports" not in SERVICES[name] for name in SERVICES.keys() - {"web"})


def test_its_worker_takes_from_the_same_queues_as_that_of_run_py() -> None:
    assert f"--queues={QUEUES}" in SERVICES["worker"]["command"]
