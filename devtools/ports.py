"""Ports on the loopback address. The web's is held open here, so that it cannot be lost again."""

import socket

from devtools.problem import Problem

HOST = "127.0.0.1"
USUAL_PORT = 8000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def listen(port: int | None) -> socket.socket:
    """A listening socket on this port; without one, on 8000 or any free port.

    The web server inherits it: a browser that comes while the web (re)starts waits, and is served.
    Raises: Problem, when the port was asked for and is taken.
    """
    try:
        return _listening(USUAL_PORT if port is None else port)
    except (OSError, OverflowError) as error:
        if port is not None:
            raise Problem(
                f"Port {port} cannot be used: {error}.\n"
                "Name another with --port, or leave it out and a free one is chosen."
            ) from error
    return _listening(0)


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    # Not SO_REUSEPORT: two portals on one port would share its visitors.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(1024)
    except BaseException:
        listener.close()
        raise
    return listener
