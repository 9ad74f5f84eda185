"""An object for every address that names one: what the walk over all addresses puts into them.

An entry maps the name of an address to a function that makes an object in the given tenant and
returns the address's parameters, for instance:

    "usage:line": lambda tenant: {"pk": LineFactory(tenant=tenant).pk},

An address with a parameter and without an entry makes `tests/test_url_walk.py` fail.
"""

from collections.abc import Callable
from typing import Any

from tenants.models import Tenant
from tests import connector_walk, enrolment_walk, licensing_walk, people_walk, usage_walk
from tests.usage_factories import make_device

OBJECTS: dict[str, Callable[[Tenant], dict[str, Any]]] = {
    **usage_walk.OBJECTS,
    **connector_walk.OBJECTS,
    **{
        f"phones:{act}": lambda tenant: {"pk": make_device(tenant).pk}
        for act in ("phone", "leave", "enrol")
    },
    **people_walk.OBJECTS,
    **licensing_walk.OBJECTS,
    **enrolment_walk.OBJECTS,
}
