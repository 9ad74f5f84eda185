"""The HTTP API: every app's calls, under /api/v1/, described in /api/v1/openapi.json.

Each app has its calls in a router in its `api.py`; the frame around them is tenants/api_frame.py.
"""

from common.api import PortalApi
from connectors.api import router as connectors
from devices.api import router as devices
from licensing.api import router as licensing
from tenants.api_frame import api_urls
from usage.agent_api import router as phones
from usage.api import router as usage

api = PortalApi(
    title="TEM portal",
    version="1",
    urls_namespace="api",
    description=(
        "Calls for programs that report usage, send signals or read reports, and for the agent on "
        "a phone. Every call wants `Authorization: Bearer <token>`; tokens of programs are made in "
        "the portal under Tenant administration > Connectors and tokens, and a phone is given one "
        "of its own, which speaks for that phone only. A call that changes something takes an "
        "`Idempotency-Key`: sent again within 24 hours with the same body, it is answered again "
        "and not done again. `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` tell "
        "how many calls are left in the running minute; a 429 says in `Retry-After` when to go on."
    ),
)
api.add_router("", connectors)
api.add_router("", devices)
api.add_router("", usage)
api.add_router("", phones)
api.add_router("", licensing)

urlpatterns = api_urls(api)
