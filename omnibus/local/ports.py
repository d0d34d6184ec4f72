"""Choose free ports and keep them.

Ports are taken below 32768, outside the range the kernel hands to outgoing connections: on a port
of that range a client that reconnects while its server is down can connect to itself, and the
server can then not bind its own port any more.
"""

import errno
import random
import socket
from collections.abc import Collection

from omnibus.local.state import State
from omnibus.problem import Problem

LOWEST = 20_000
HIGHEST = 32_000
LOCALHOST = "127.0.0.1"


def is_free(port: int, host: str = LOCALHOST) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a port in TIME_WAIT is free, one that somebody listens on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise Problem(
                f"The address {host}:{port} can not be used ({error.strerror}): give another one."
            ) from None
    return True


def find_free(taken: Collection[int] = ()) -> int:
    """Return a port nobody listens on.

    Args:
        taken: Ports that are promised to somebody who does not listen yet.
    """
    # A random start keeps two checkouts that look at the same moment apart.
    start = random.SystemRandom().randrange(LOWEST, HIGHEST)
    for offset in range(HIGHEST - LOWEST):
        port = LOWEST + (start - LOWEST + offset) % (HIGHEST - LOWEST)
        if port not in taken and is_free(port):
            return port
    raise Problem(
        f"No port between {LOWEST} and {HIGHEST} is free: stop what uses them, then try again."
    )


class Ports:
    """The ports of one local house: the same ones on every run while they are free."""

    def __init__(self, state: State) -> None:
        """Remember the choice in `state`."""
        self._state = state

    def choose(self, name: str) -> int:
        """Return the remembered port of `name`; a new one when somebody else took it."""
        known = self._state.get("ports", name)
        if isinstance(known, int) and is_free(known):
            return known
        port = find_free(taken=self._state.section("ports").values())
        self._state.put("ports", name, port)
        return port

    def current(self, name: str) -> int | None:
        """Return the port chosen last for `name`, without a look at who listens there."""
        known = self._state.get("ports", name)
        return known if isinstance(known, int) else None


def demand(host: str, port: int, variable: str) -> None:
    """Insist on a port that somebody asked for.

    Raises:
        Problem: The port is taken.
    """
    if not is_free(port, host):
        raise Problem(
            f"Port {port} on {host} is taken: stop what listens there, or give another one"
            f" with {variable}."
        )
