"""Official sites are asked for real, by servers on loopback; a dead one is flagged within a day."""

from __future__ import annotations

import datetime as dt
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import OrganisationFactory, seated

from sreda.kernel.api import AuditEntry
from sreda.kernel.models import OutboxEvent
from sreda.kernel.probe import is_public, networks, probe
from sreda.registry.api import Role, SiteCheck, User, data_version
from sreda.registry.domain.sites import check_sites, due_sites

INSIDE = networks(["127.0.0.1/32"])
NOW = timezone.make_aware(dt.datetime(2026, 11, 20, 12))
HOUR = timedelta(hours=1)


class Handler(BaseHTTPRequestHandler):
    """Each path is a site of another temper; `/switch` answers as it is told."""

    alive: ClassVar[bool] = True
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_HEAD(self) -> None:
        self.asked.append((self.command, self.path))
        status, headers = 200, {}
        if self.path == "/no-head":
            status = 405 if self.command == "HEAD" else 200
        elif self.path == "/broken":
            status = 500
        elif self.path == "/guarded":
            status = 403
        elif self.path == "/switch":
            status = 200 if self.alive else 503
        elif self.path == "/once":
            status, headers = 301, {"Location": "/fine"}
        elif self.path == "/loop":
            status, headers = 302, {"Location": "/loop"}
        elif self.path == "/inward":
            port = self.server.server_address[1]
            status, headers = 302, {"Location": f"http://127.0.0.2:{port}/fine"}
        elif self.path == "/metadata":
            status, headers = 302, {"Location": "http://169.254.169.254/latest/"}
        elif self.path == "/file":
            status, headers = 302, {"Location": "file:///etc/passwd"}
        elif self.path == "/slow":
            time.sleep(1.5)
        elif self.path == "/drip":
            for _n in range(30):
                self.wfile.write(b"H")
                time.sleep(0.1)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    Handler.alive, Handler.asked = True, []
    # On every loopback address, so that only the check itself can refuse 127.0.0.2.
    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "outcome", "status"),
    [
        ("/fine", "ok", 200),
        ("/no-head", "ok", 200),
        ("/once", "ok", 200),
        ("/guarded", "ok", 403),
        ("/broken", "status", 500),
        ("/loop", "redirects", None),
        ("/slow", "timeout", None),
        ("/drip", "timeout", None),
        ("/inward", "private", None),
        ("/metadata", "private", None),
        ("/file", "address", None),
    ],
)
def test_what_a_site_answers(site: str, path: str, outcome: str, status: int | None) -> None:
    patience = 0.5 if outcome == "timeout" else 30
    answer = probe(site + path, inside=INSIDE, operation=patience)
    assert (answer.outcome, answer.status) == (outcome, status)


def test_what_is_inward_is_never_connected_to(site: str) -> None:
    probe(site + "/inward", inside=INSIDE)
    assert ("HEAD", "/fine") not in Handler.asked
    port = site.rpartition(":")[2]
    hosts = ("127.0.0.1", "localhost.", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]")
    for host in hosts:
        answer = probe(f"http://{host}:{port}/fine")
        assert answer.outcome in {"private", "reserved", "refused", "dns"}, (host, answer)
    assert ("HEAD", "/fine") not in Handler.asked


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "192.168.0.1", "172.16.9.9", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::"],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


def test_public_addresses() -> None:
    assert is_public(ip_address("77.88.8.8"))
    assert is_public(ip_address("2a02:6b8::feed:ff"))


@pytest.mark.parametrize(
    "url", ["http://school.example/", "https://a.example.org", "http://x.test", "http://y.invalid."]
)
def test_reserved_names_are_not_asked(url: str) -> None:
    assert probe(url, inside=networks(["1"])).outcome == "reserved"


def test_nobody_listens_and_no_http() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert probe(f"http://127.0.0.1:{port}/", inside=INSIDE).outcome == "refused"
    assert probe("ftp://127.0.0.1/", inside=INSIDE).outcome == "address"
    assert probe("http://user:word@127.0.0.1/", inside=INSIDE).outcome == "address"
    assert probe("http://nobody-is-called-so.ru.invalid-tld-x/", inside=INSIDE).outcome == "dns"


def test_a_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    certificate = _self_signed(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"https://127.0.0.1:{server.server_address[1]}/fine"
        assert probe(url, inside=INSIDE, operation=30).outcome == "tls"
    finally:
        server.shutdown()
        server.server_close()


def _self_signed(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "site.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def check(at: dt.datetime) -> Any:
    return check_sites(at=at, inside=INSIDE, operation=30)


@pytest.mark.django_db
def test_two_failures_an_hour_apart_make_a_dead_site(site: str) -> None:
    place = OrganisationFactory(website=site + "/switch")
    assert check(NOW).checked == 1
    assert place.site_check.outcome == "ok"
    assert check(NOW + 19 * HOUR).checked == 0

    Handler.alive = False
    check(NOW + 20 * HOUR)
    place.site_check.refresh_from_db()
    assert place.site_check.failures == 1
    assert place.site_dead_on is None
    assert check(NOW + 20.5 * HOUR).checked == 0  # an hour has not passed
    before = data_version().key
    assert check(NOW + 21 * HOUR).died == 1
    place.refresh_from_db()
    assert place.site_check.dead_since == NOW + 20 * HOUR
    assert place.site_check.status == 503
    assert data_version().key != before
    assert AuditEntry.objects.filter(action="registry.site.died").count() == 1
    assert OutboxEvent.objects.filter(type="registry.site.died").count() == 1

    assert check(NOW + 22 * HOUR).checked == 0  # dead ones are asked like the others
    assert check(NOW + 41 * HOUR).died == 0  # said once
    Handler.alive = True
    assert check(NOW + 61 * HOUR).revived == 1
    place.refresh_from_db()
    assert place.site_dead_on is None
    assert place.site_answers


@pytest.mark.django_db
def test_failures_days_apart_are_no_row(site: str) -> None:
    Handler.alive = False
    place = OrganisationFactory(website=site + "/switch")
    check(NOW)
    check(NOW + timedelta(days=3))
    assert SiteCheck.objects.get(organisation=place).failures == 1


@pytest.mark.django_db
def test_a_new_address_begins_anew(site: str) -> None:
    Handler.alive = False
    place = OrganisationFactory(website=site + "/switch")
    check(NOW)
    check(NOW + HOUR)
    place.refresh_from_db()
    assert place.site_dead_on == dt.date(2026, 11, 20)
    place.website = site + "/fine"
    place.save()
    assert place.site_dead_on is None
    assert due_sites(NOW + 2 * HOUR) == [(place.pk, site + "/fine")]
    check(NOW + 2 * HOUR)
    place.refresh_from_db()
    assert place.site_answers
    assert place.site_check.failures == 0


@pytest.mark.django_db
def test_examples_and_closed_organisations_are_left_alone(site: str) -> None:
    example = OrganisationFactory(website="https://school.kemerovo.example/")
    closed = OrganisationFactory(website=site + "/broken", until=dt.date(2020, 1, 1))
    for hours in (0, 1, 20, 21, 41):
        check(NOW + hours * HOUR)
    example.refresh_from_db()
    assert example.site_check.outcome == "reserved"
    assert example.site_dead_on is None
    assert not SiteCheck.objects.filter(organisation=closed).exists()


@pytest.mark.django_db
def test_our_own_network_down_flags_nobody(site: str) -> None:
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    for n in range(4):
        OrganisationFactory(website=f"http://127.0.0.1:{port}/{n}")
    assert check(NOW).suspended
    assert not SiteCheck.objects.exists()
    OrganisationFactory(website=site + "/fine")  # now somebody answers: the others are at fault
    assert check(NOW + HOUR).checked == 5
    assert check(NOW + 2 * HOUR).died == 4


@pytest.mark.django_db
def test_pages_show_a_dead_site(client: Client, site: str) -> None:
    dead = OrganisationFactory(website=site + "/broken", short_name="Школа без сайта")
    fine = OrganisationFactory(website=site + "/fine", short_name="Школа с сайтом")
    check(NOW)
    check(NOW + HOUR)
    page = client.get(reverse("organisation", args=[dead.code])).content.decode()
    assert "сайт не отвечает с 20" in page
    assert (
        "не отвечает" not in client.get(reverse("organisation", args=[fine.code])).content.decode()
    )
    operator = Client()
    operator.force_login(User.objects.get(pk=seated(Role.OPERATOR).user_id))
    listed = operator.get(reverse("registry:organisations"), {"site": "dead"}).content.decode()
    assert dead.short_name in listed
    assert fine.short_name not in listed
    listed = operator.get(reverse("registry:organisations"), {"site": "alive"}).content.decode()
    assert dead.short_name not in listed
    assert fine.short_name in listed
    home = operator.get(reverse("cabinet")).content.decode()
    assert "Официальные сайты, которые не отвечают" in home
    assert "?site=dead" in home
    own = operator.get(reverse("registry:organisation", args=[dead.pk])).content.decode()
    assert "сервер отвечает ошибкой (500)" in own
    head = Client()
    head.force_login(
        User.objects.get(pk=seated(Role.HEAD, organisation=dead, title="Директор").user_id)
    )
    assert "сайт не отвечает с" in head.get(reverse("cabinet")).content.decode()
    answer = client.get(reverse("open_data_file", args=["organisations", "json"]))
    rows = {row["code"]: row["website_dead_since"] for row in _rows(answer)}
    assert rows == {dead.code: "2026-11-20", fine.code: None}


def _rows(answer: Any) -> list[dict[str, Any]]:
    found = json.loads(b"".join(answer))
    return found if isinstance(found, list) else next(v for v in found.values() if _is_rows(v))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
