"""Ports for servers of tests."""

from __future__ import annotations

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """One free now, of those that the system gives to no outgoing connection.

    Linux gives 32768 and up to whoever connects: one found free there may be gone by the time
    a server that loads a region first comes to listen.
    """
    for port in random.SystemRandom().sample(range(20000, 32000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no free port between 20000 and 32000")
