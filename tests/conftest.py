"""What all tests share: the cast, a client for each of them, servers of one's own, a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from common.tenancy import tenant_scope
from tenants.models import Tenant, User
from tests import cast
from tests.factories import TenantFactory, UserFactory

# Playwright's synchronous API runs an event loop in the test's thread, where Django would
# otherwise refuse to use the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A busy machine is slow, and slowness is no fault of what a property says.
hypothesis_settings.register_profile("portal", deadline=None)
hypothesis_settings.load_profile("portal")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_configure(config: pytest.Config) -> None:
    """Give this process a Redis database of its own, and passwords a fast hasher."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    parts = urlsplit(settings.REDIS_URL)
    number = (int(parts.path.strip("/") or 0) + 1 + worker) % 16
    url = urlunsplit(parts._replace(path=f"/{number}"))
    settings.REDIS_URL = settings.CELERY_BROKER_URL = os.environ["REDIS_URL"] = url
    settings.CACHES["default"]["LOCATION"] = url
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # else WhiteNoise warns
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    from tem_portal.celery import app  # after the settings: it reads them once

    app.conf.broker_url = app.conf.broker_read_url = app.conf.broker_write_url = url


@pytest.fixture(autouse=True)
def empty_cache(request: pytest.FixtureRequest) -> None:
    """Rate limits and the like start afresh, in tests that use servers at all."""
    if {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """A page that a test read in Dutch leaves no Dutch behind in its thread."""
    yield
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """The environment of a process that works on this test's database and Redis."""
    options = connection.settings_dict
    user, password, host = (quote(options[key], safe="") for key in ("USER", "PASSWORD", "HOST"))
    address = f"{user}:{password}@{host}:{options['PORT'] or 5432}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{address}/{options['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "tem_portal.settings",
    }


# --- the cast ---------------------------------------------------------------------------------


@pytest.fixture
def contoso(db: None) -> Tenant:
    return TenantFactory(slug="contoso", name="Contoso")


@pytest.fixture
def fabrikam(db: None) -> Tenant:
    return TenantFactory(slug="fabrikam", name="Fabrikam")


@pytest.fixture
def in_contoso(contoso: Tenant) -> Iterator[Tenant]:
    """The scope of Contoso, for tests of code below the views."""
    with tenant_scope(contoso.pk):
        yield contoso


def _of(people: dict, tenant_name: str, name: str) -> Any:
    @pytest.fixture(name=name)
    def person(request: pytest.FixtureRequest) -> User:
        tenant = request.getfixturevalue(tenant_name)
        return cast.member(name, tenant=tenant, role=people[name])

    return person


alice = _of(cast.CONTOSO, "contoso", "alice")
bob = _of(cast.CONTOSO, "contoso", "bob")
dana = _of(cast.CONTOSO, "contoso", "dana")
erin = _of(cast.CONTOSO, "contoso", "erin")
frank = _of(cast.CONTOSO, "contoso", "frank")
grace = _of(cast.CONTOSO, "contoso", "grace")
rita = _of(cast.CONTOSO, "contoso", "rita")
arthur = _of(cast.CONTOSO, "contoso", "arthur")
charlie = _of(cast.FABRIKAM, "fabrikam", "charlie")


@pytest.fixture
def olga(db: None) -> User:
    return UserFactory(email="olga@operator.example", name="Olga", is_operator=True)


@pytest.fixture
def nora(db: None) -> User:
    return UserFactory(email="nora@nowhere.example", name="Nora")


def client_of(person: User | None, **options: Any) -> Client:
    """A client in which `person` is signed in (None: nobody)."""
    client = Client(**options)
    if person is not None:
        client.force_login(person)
    return client


@pytest.fixture
def client_for(db: None) -> Callable[..., Client]:
    """`client_for(alice).get(...)`."""
    return client_of


# --- the browser ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright with the machine's own Chromium."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail(
            "No Chromium on this machine: install it (Debian and Ubuntu: apt-get install "
            "chromium) or put one of these on PATH: " + ", ".join(BROWSERS)
        )
    return {**browser_type_launch_args, "executable_path": found, "args": BROWSER_FLAGS}


@pytest.fixture(scope="session")
def browser(browser: Any, django_db_setup: None) -> Iterator[Any]:
    """pytest-playwright's browser, which leaves no connection to the test database behind.

    While it lives, an event loop runs in this thread, and Django keeps that loop's connections
    apart from the thread's own; so they are closed here, before the database is dropped.
    """
    yield browser
    connections.close_all()


@pytest.fixture
def browser_page(live_server: Any, browser: Any) -> Iterator[Any]:
    """A page at the live server; the test fails on whatever the browser complains about.

    Chromium reports what the Content-Security-Policy stops on its console. A message that a test
    provokes on purpose is taken out of `page.complaints` by that test.
    """
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: page.complaints.append(f"error: {error}"))
    yield page
    context.close()
    assert page.complaints == []


@pytest.fixture
def sign_in(live_server: Any) -> Callable[[Any, User], None]:
    """`sign_in(page, alice)`: the page's browser has Alice's session from then on."""

    def open_session(page: Any, person: User) -> None:
        cookie = client_of(person).cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": live_server.url, "httpOnly": True}]
        )

    return open_session


@pytest.fixture
def assert_accessible() -> Callable[[Any], None]:
    """`assert_accessible(page)`: axe finds nothing, in light and in dark."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, (
                f"{page.url} in {scheme}:\n{found.generate_report()}"
            )

    return check
