"""Where simulated iPhones speak to the simulator's MDM server, as real ones do to a real one."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.tenancy import tenant_scope
from devices.gateways.simulator import mdm
from devices.models import Device, DeviceState

PLAIN = "text/plain; charset=utf-8"
XML = "application/xml; charset=utf-8"


@csrf_exempt
@login_not_required
@require_http_methods(["PUT"])
def message(request: HttpRequest, key: str) -> HttpResponse:
    """One step of Apple's poll loop: the answer in, the next command out."""

    def serve(device: Device, body: bytes) -> bytes:
        return mdm.serve(device=device, body=body, now=timezone.now())

    return _answered(request, mdm.CONTENT_TYPE, lambda: mdm.device_of(key), serve)


@csrf_exempt
@login_not_required
@require_http_methods(["PUT"])
def check_in(request: HttpRequest, key: str) -> HttpResponse:
    """A device comes under management, or leaves it."""
    states = (DeviceState.MANAGED, DeviceState.UNMANAGED)

    def take(device: Device, body: bytes) -> bytes:
        mdm.check_in(device=device, body=body, now=timezone.now())
        return b""

    return _answered(request, mdm.CHECK_IN_TYPE, lambda: mdm.device_of(key, states=states), take)


def _answered(
    request: HttpRequest,
    content_type: str,
    find: Callable[[], Device],
    take: Callable[[Device, bytes], bytes],
) -> HttpResponse:
    if request.content_type != content_type:
        return HttpResponse(f"Send the message as Content-Type: {content_type}.", PLAIN, status=415)
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length[:20]) > mdm.LARGEST:
        return HttpResponse(f"A message has {mdm.LARGEST:,} bytes at most.", PLAIN, status=413)
    try:
        device = find()
        with tenant_scope(device.tenant_id):
            content = take(device, request.body)
    except mdm.NotEnrolled:
        return HttpResponse("No device of this server speaks here.", PLAIN, status=401)
    except mdm.Unreadable as error:
        return HttpResponse(str(error), PLAIN, status=400)
    answer = HttpResponse(content, XML if content else PLAIN)
    answer["Cache-Control"] = "no-store"
    return answer
