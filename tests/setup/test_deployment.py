"""What an administrator reads and runs: the settings' page, the overlay, Django's own check."""

import os
import re
import subprocess
import sys

import pytest
import yaml

from tests.setup.portal_run import ROOT

READ = re.compile(r"""(?:env(?:\.\w+)?\(|env,)\s*["']([A-Z][A-Z_]+)["']""")
NOT_OURS = {"DJANGO_SETTINGS_MODULE"}


class Compose(yaml.SafeLoader):
    """Knows the tags by which an overlay replaces what it does not add to."""


def _plain(loader, _suffix, node):
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True)


Compose.add_multi_constructor("!", _plain)


def variables() -> set[str]:
    source = "".join(file.read_text() for file in (ROOT / "tem_portal").glob("*.py"))
    return set(READ.findall(source)) - NOT_OURS


def test_the_page_of_settings_names_what_is_read_and_nothing_else():
    page = (ROOT / "docs/guide/settings.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.M)) == variables()


def test_the_overlay_is_no_sandbox_and_sets_what_exists():
    text = (ROOT / "docker-compose.production.yml").read_text()
    services = yaml.load(text, Compose)["services"]
    for name in ("prepare", "web", "worker", "beat"):
        given = {key.removesuffix("_FILE") for key in services[name]["environment"]}
        assert given <= variables()
        assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"} <= given
        assert "SANDBOX" not in given
        assert services[name]["read_only"]


def production(**extra: str) -> subprocess.CompletedProcess[str]:
    mine = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"],
        cwd=ROOT,
        env={
            **mine,
            "REDIS_URL": "redis://redis.example:6379/0",
            "ALLOWED_HOSTS": "tem.example.com",
            "TRUST_X_FORWARDED_PROTO": "1",
            **extra,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_check_for_deployment_is_clean_with_secrets_from_files(tmp_path):
    (tmp_path / "key").write_text("a-key-of-a-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF")
    (tmp_path / "url").write_text("postgres://portal:secret@db.example:5432/portal")
    checked = production(
        SECRET_KEY_FILE=str(tmp_path / "key"), DATABASE_URL_FILE=str(tmp_path / "url")
    )
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.parametrize("setting", ["DEBUG", "SANDBOX"])
def test_the_check_finds_what_does_not_belong_in_production(setting):
    checked = production(
        SECRET_KEY="a-key-of-a-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF",
        DATABASE_URL="postgres://portal:secret@db.example:5432/portal",
        **{setting: "1"},
    )
    assert checked.returncode != 0
