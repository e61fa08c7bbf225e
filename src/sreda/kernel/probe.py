"""Does a public address answer? Asked politely, and never of an address inside our own network.

Each hop's host is resolved, all its addresses are checked, and the connection goes to a checked
address itself: a name that resolves anew to another one gains nothing.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urljoin, urlsplit

OPERATION = 10.0  # seconds for one connect, handshake or read
WHOLE = 25.0  # seconds for an address with its redirects
MAX_REDIRECTS = 5
MAX_HEAD = 64 * 1024
PORTS = frozenset({80, 443})
# Names that by their standards (RFC 2606, 6761, 6762, 7686) nobody can publish a site under.
RESERVED = ("example", "test", "invalid", "onion")
OURS = ("localhost", "local", "internal")  # of a closed network
Networks = tuple[IPv4Network | IPv6Network, ...]
EVERYWHERE: Networks = (ip_network("0.0.0.0/0"), ip_network("::/0"))
AGENT = "Sreda-site-check/1.0"
# Someone answers, though not to strangers or not now: the site lives.
GUARDED = frozenset({401, 403, 429})
NOT_BY_HEAD = 400  # from here on an answer to HEAD is asked again by GET


@dataclass(frozen=True, slots=True)
class Answer:
    """`outcome`: ok, reserved, address, private, dns, timeout, refused, tls, protocol, redirects
    or status (then `status` is the HTTP one)."""

    outcome: str
    status: int | None = None

    @property
    def alive(self) -> bool:
        return self.outcome == "ok"

    @property
    def checked(self) -> bool:
        return self.outcome != "reserved"

    @property
    def of_the_way(self) -> bool:
        """A failure that a broken network of our own would give as well."""
        return self.outcome in {"dns", "timeout", "refused"}


class _Failed(Exception):
    def __init__(self, outcome: str, status: int | None = None) -> None:
        self.answer = Answer(outcome, status)


def networks(words: Iterable[str]) -> Networks:
    """The setting's words: "1" is every closed network, others are networks like 10.0.0.0/8."""
    found: Networks = ()
    for word in words:
        if word in {"1", "true", "yes", "on"}:
            return EVERYWHERE
        if word not in {"0", "false", "no", "off"}:
            found = (*found, ip_network(word, strict=False))
    return found


def is_reserved(url: str, inside: Networks = ()) -> bool:
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    labels = host.split(".")
    return labels[-1] in (RESERVED if inside else RESERVED + OURS) or labels[-2:] in (
        ["example", "com"], ["example", "net"], ["example", "org"]
    )  # fmt: skip


def probe(url: str, *, inside: Networks = (), operation: float = OPERATION) -> Answer:
    """Follow the address to its end. `inside`: closed networks that may be asked, on any port."""
    deadline = time.monotonic() + min(WHOLE, operation * 3)
    try:
        for _hop in range(MAX_REDIRECTS + 1):
            if is_reserved(url, inside):
                raise _Failed("reserved")
            status, location = _asked(url, inside, operation, deadline)
            if 300 <= status < 400 and location:
                url = urljoin(url, location)
                continue
            alive = status < 400 or status in GUARDED
            return Answer("ok" if alive else "status", status)
        raise _Failed("redirects")
    except _Failed as failure:
        return failure.answer
    except ssl.SSLError:
        return Answer("tls")
    except TimeoutError:
        return Answer("timeout")
    except (http.client.HTTPException, ValueError):
        return Answer("protocol")
    except OSError:
        return Answer("refused")


def _asked(url: str, inside: Networks, operation: float, deadline: float) -> tuple[int, str | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise _Failed("address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise _Failed("address")
    addresses = _resolved(parts.hostname, port, inside)
    if port not in PORTS and not all(_among(inside, where) for _family, where in addresses):
        raise _Failed("address")
    status, location = 0, None
    for method in ("HEAD", "GET"):
        try:
            status, location = _one(method, parts, addresses, port, operation, deadline)
        except (http.client.HTTPException, ConnectionResetError):
            if method == "GET":
                raise
            continue
        if status < NOT_BY_HEAD:
            break
    return status, location


def _among(inside: Networks, where: str) -> bool:
    address = ip_address(where)
    return any(address in network for network in inside if network.version == address.version)


def _resolved(host: str, port: int, inside: Networks) -> Sequence[tuple[int, str]]:
    try:
        name = host.encode("idna").decode() if not host.isascii() else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise _Failed("dns") from None
    addresses = list(dict.fromkeys((family, str(where[0])) for family, *_rest, where in found))
    if not all(_among(inside, where) or is_public(ip_address(where)) for _f, where in addresses):
        raise _Failed("private")
    return addresses[:3]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Of the open Internet, also by what an IPv6 address carries within."""
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return False
        within = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address.packed[:12] == _NAT64:
            within.append(IPv4Address(address.packed[12:]))
        if any(inner is not None and not is_public(inner) for inner in within):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64 = bytes.fromhex("0064ff9b0000000000000000")


def _left(operation: float, deadline: float) -> float:
    left = min(operation, deadline - time.monotonic())
    if left <= 0:
        raise TimeoutError
    return left


def _one(
    method: str,
    parts: SplitResult,
    addresses: Sequence[tuple[int, str]],
    port: int,
    operation: float,
    deadline: float,
) -> tuple[int, str | None]:
    host = parts.hostname or ""
    with _connected(addresses, port, operation, deadline) as plain:
        connection: socket.socket = plain
        if parts.scheme == "https":
            plain.settimeout(_left(operation, deadline))
            connection = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        with connection:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            named = f"[{host}]" if ":" in host else host.encode("idna").decode()
            usual = port == (443 if parts.scheme == "https" else 80)
            lines = (
                f"{method} {_plain(target)} HTTP/1.1",
                f"Host: {named}" + ("" if usual else f":{port}"),
                f"User-Agent: {AGENT}",
                "Accept: */*",
                "Connection: close",
            )
            connection.settimeout(_left(operation, deadline))
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
            return _head(connection, operation, deadline)


def _plain(target: str) -> str:
    """The path and query as ASCII, with no sign that could begin another line."""
    from urllib.parse import quote

    return quote(target, safe="/?&=%:;,+@!$'()*~#[]")


def _connected(
    addresses: Sequence[tuple[int, str]], port: int, operation: float, deadline: float
) -> socket.socket:
    last: OSError = ConnectionRefusedError()
    for family, address in addresses:
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(_left(operation, deadline))
            made.connect((address, port))
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise last


def _head(connection: socket.socket, operation: float, deadline: float) -> tuple[int, str | None]:
    """Status and Location; the body is never read."""
    got = b""
    while b"\r\n\r\n" not in got and b"\n\n" not in got:
        if len(got) > MAX_HEAD:
            raise http.client.HTTPException("too long a head")
        connection.settimeout(_left(operation, deadline))
        block = connection.recv(8192)
        if not block:
            break
        got += block
    first, _newline, rest = got.partition(b"\n")
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise http.client.HTTPException("not an answer of HTTP")
    headers = http.client.parse_headers(io.BytesIO(rest))
    location = headers.get("Location")
    # Servers send the path in raw UTF-8; the parser read it as Latin-1.
    if location and not location.isascii():
        location = location.encode("latin-1", "replace").decode("utf-8", "replace")
    return int(words[1]), location
