"""Being asked to stop: Ctrl-C, SIGTERM, a closed terminal.

A request raises KeyboardInterrupt, which ends whatever we wait for. Python drops an exception that
happens to arise inside some callbacks (of the import system, for instance), so the request is also
remembered, and a loop that may run for days asks `requested` instead of trusting the exception.
"""

import signal
from types import FrameType

REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_received: list[int] = []


def heed() -> None:
    """Heed requests from now on; SIGINT too, which a shell has background programs ignore."""
    for request in REQUESTS:
        signal.signal(request, _raise)


def ignore() -> None:
    """From now on nothing interrupts us: we are stopping already."""
    for request in REQUESTS:
        signal.signal(request, signal.SIG_IGN)


def requested() -> bool:
    return bool(_received)


def _raise(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt
