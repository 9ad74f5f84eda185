"""The HTTP API: every app's calls, under /api/v1/, described in /api/v1/openapi.json.

Each app has its calls in a router in its `api.py`; the frame around them is tenants/api_frame.py.
"""

from common.api import PortalApi
from connectors.api import router as connectors
from licensing.api import router as licensing
from tenants.api_frame import api_urls
from usage.api import router as usage

api = PortalApi(
    title="TEM portal",
    version="1",
    urls_namespace="api",
    description=(
        "Calls for programs that report usage, send signals or read reports. Every call wants "
        "`Authorization: Bearer <token>`; tokens are made in the portal under Tenant "
        "administration > Connectors and tokens. A call that changes something takes an "
        "`Idempotency-Key`: sent again within 24 hours with the same body, it is answered again "
        "and not done again. `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` tell "
        "how many calls are left in the running minute; a 429 says in `Retry-After` when to go on."
    ),
)
api.add_router("", connectors)
api.add_router("", usage)
api.add_router("", licensing)

urlpatterns = api_urls(api)
