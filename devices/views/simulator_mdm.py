"""Where simulated iPhones speak to the simulator's MDM server, as real ones do to a real one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.tenancy import tenant_scope
from devices.gateways.simulator import mdm

PLAIN = "text/plain; charset=utf-8"


@csrf_exempt
@login_not_required
@require_http_methods(["PUT"])
def message(request: HttpRequest, key: str) -> HttpResponse:
    """One step of Apple's poll loop: the answer in, the next command out."""
    if request.content_type != mdm.CONTENT_TYPE:
        return HttpResponse(
            f"Send the message as Content-Type: {mdm.CONTENT_TYPE}.", PLAIN, status=415
        )
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length[:20]) > mdm.LARGEST:
        return HttpResponse(f"A message has {mdm.LARGEST:,} bytes at most.", PLAIN, status=413)
    try:
        device = mdm.device_of(key)
        with tenant_scope(device.tenant_id):
            command = mdm.serve(device=device, body=request.body, now=timezone.now())
    except mdm.NotEnrolled:
        return HttpResponse("No device of this server speaks here.", PLAIN, status=401)
    except mdm.Unreadable as error:
        return HttpResponse(str(error), PLAIN, status=400)
    answer = HttpResponse(command, "application/xml; charset=utf-8" if command else PLAIN)
    answer["Cache-Control"] = "no-store"
    return answer
