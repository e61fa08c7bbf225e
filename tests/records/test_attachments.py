"""Attachments and signatures."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from sreda.records.xapi.attachments import media_type, parts_of
from tests.records.conftest import Lrs
from tests.records.statements import plain

pytestmark = pytest.mark.django_db
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
MIXED = "multipart/mixed; boundary=b"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def described(content: bytes, **parts):
    return {
        "usageType": "https://x.test/usage",
        "display": {"ru": "Работа"},
        "contentType": "text/plain",
        "length": len(content),
        "sha2": hashlib.sha256(content).hexdigest(),
    } | parts


def part(content: bytes, **headers: str) -> bytes:
    lines = {
        "Content-Type": "text/plain",
        "Content-Transfer-Encoding": "binary",
        "X-Experience-API-Hash": hashlib.sha256(content).hexdigest(),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return b"--b\r\n" + head.encode() + b"\r\n" + content + b"\r\n"


def body(statement, *parts: bytes, kind: str = "application/json") -> bytes:
    first = f"--b\r\nContent-Type: {kind}\r\n\r\n".encode() + json.dumps(statement).encode()
    return first + b"\r\n" + b"".join(parts) + b"--b--\r\n"


CONTENT = b"\x00\xff--b\r\n binary \r\n"


def test_content_comes_back_as_it_went_in(lrs):
    sent = plain(attachments=[described(CONTENT)])
    answer = lrs.ask("POST", "statements", body(sent, part(CONTENT)), kind=MIXED)
    assert answer.status_code == 200, answer.content
    [own] = answer.json()
    for ask in ({"statementId": own}, {}):
        got = lrs.ask("GET", "statements", attachments="true", **ask)
        kind, params = media_type(got["Content-Type"])
        assert kind == "multipart/mixed"
        _first, second = parts_of(got.content, params["boundary"])
        assert second.content == CONTENT
        assert second.headers["content-transfer-encoding"] == "binary"
        assert second.headers["x-experience-api-hash"] == sent["attachments"][0]["sha2"]
    assert lrs.get(own)["Content-Type"] == "application/json"


@pytest.mark.parametrize("make", [hashlib.sha224, hashlib.sha256, hashlib.sha384, hashlib.sha512])
def test_any_sha2(lrs, make):
    digest = make(CONTENT).hexdigest()
    sent = plain(attachments=[described(CONTENT, sha2=digest)])
    whole = body(sent, part(CONTENT, X_Experience_API_Hash=digest))
    assert lrs.ask("POST", "statements", whole, kind=MIXED).status_code == 200


SENT = plain(attachments=[described(CONTENT)])


@pytest.mark.parametrize(
    "whole",
    [
        body(SENT),
        body(SENT, part(CONTENT, Content_Transfer_Encoding="base64")),
        body(SENT, part(CONTENT, Content_Transfer_Encoding="")),
        body(SENT, part(CONTENT, X_Experience_API_Hash="")),
        body(SENT, part(CONTENT, X_Experience_API_Hash="0" * 64)),
        body(SENT, part(CONTENT), part(b"stray")),
        body(SENT, part(CONTENT), kind="text/plain"),
        body(SENT, part(CONTENT)).replace(b"--b--", b""),
        b"",
    ],
)
def test_what_is_wrong_with_parts(lrs, whole):
    answer = lrs.ask("POST", "statements", whole, kind=MIXED)
    assert answer.status_code == 400, answer.content
    assert lrs.found() == []


def test_without_content_there_must_be_an_address(lrs):
    assert lrs.ask("POST", "statements", SENT).status_code == 400
    item = described(CONTENT, fileUrl="https://x.test/f")
    lrs.send(plain(attachments=[item]))
    got = lrs.ask("GET", "statements", attachments="true")
    boundary = media_type(got["Content-Type"])[1]["boundary"]
    assert len(parts_of(got.content, boundary)) == 1


def test_who_knows_only_the_hash_of_a_file_does_not_read_it(lrs):
    """Another source names it with an address of its own; the sender gets it in either case."""
    other = Lrs("statements/write", "statements/read/mine", name="Другая")
    address = {"fileUrl": "https://x.test/f"}

    def contents(client, own):
        got = client.get(own, attachments="true")
        boundary = media_type(got["Content-Type"])[1]["boundary"]
        return [one.content for one in parts_of(got.content, boundary)[1:]]

    item = described(CONTENT, **address)
    answer = lrs.ask("POST", "statements", body(plain(attachments=[item]), part(CONTENT)),
                     kind=MIXED)  # fmt: skip
    [sent] = answer.json()
    [named] = other.send(plain(attachments=[item]))
    inner = {"objectType": "SubStatement", **plain(attachments=[item])}
    [within] = other.send(plain(object=inner))
    assert contents(lrs, sent) == [CONTENT]
    assert contents(other, named) == contents(other, within) == []
    assert contents(lrs, named) == []
    [own] = other.ask("POST", "statements", body(plain(attachments=[item]), part(CONTENT)),
                      kind=MIXED).json()  # fmt: skip
    assert contents(other, own) == [CONTENT]


def test_in_a_substatement(lrs):
    inner = {"objectType": "SubStatement", **plain(attachments=[described(CONTENT)])}
    whole = body(plain(object=inner), part(CONTENT))
    assert lrs.ask("POST", "statements", whole, kind=MIXED).status_code == 200
    assert lrs.ask("POST", "statements", plain(object=inner)).status_code == 400


# -- signatures --------------------------------------------------------------------------------

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key=KEY, issuer=KEY, name="me", by="me"):
    def named(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(by))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2024, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2034, 1, 1, tzinfo=UTC))
        .sign(issuer, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(statement, *, alg="RS256", key=KEY, chain=None, payload=None) -> bytes:
    head = {"alg": alg} | ({"x5c": chain} if chain else {})
    text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(payload or statement).encode())}"
    digest = {"RS384": hashes.SHA384(), "RS512": hashes.SHA512()}.get(alg, hashes.SHA256())
    return f"{text}.{b64(key.sign(text.encode(), padding.PKCS1v15(), digest))}".encode()


def send(lrs, statement, token: bytes, **fields):
    item = described(
        token, **({"usageType": SIGNATURE, "contentType": "application/octet-stream"} | fields)
    )
    whole = body(statement | {"attachments": [item]}, part(token))
    return lrs.ask("POST", "statements", whole, kind=MIXED).status_code


def test_signatures(lrs):
    base = plain(timestamp="2024-05-06T07:08:09Z", result={"duration": "PT1.23S"})
    for alg in ("RS256", "RS384", "RS512"):
        assert send(lrs, base, signed(base, alg=alg)) == 200
        assert send(lrs, base, signed(base, alg=alg, chain=[certificate()])) == 200
    chain = [certificate(KEY, OTHER, "me", "root"), certificate(OTHER, OTHER, "root", "root")]
    assert send(lrs, base, signed(base, chain=chain)) == 200
    longer = base | {"result": {"duration": "PT1.2399S"}}
    assert send(lrs, longer, signed(base)) == 200


def test_signatures_that_do_not_hold(lrs):
    base = plain()
    good = signed(base, chain=[certificate()])
    head, payload, mark = good.split(b".")
    forged = b64(json.dumps(base | {"verb": {"id": "https://x.test/v"}}).encode()).encode()
    for token in (
        b"x",
        b"a.b",
        b"..",
        head + b"." + forged + b"." + mark,
        head + b"." + payload + b"." + b64(b"x" * 256).encode(),
        signed(base, alg="HS256"),
        signed(base, alg="none"),
        signed(base, key=OTHER, chain=[certificate()]),
        signed(base, chain=["x"]),
        signed(base, chain=[certificate(), certificate(OTHER, OTHER, "root", "root")]),
        signed(base, payload=base | {"object": {"id": "https://x.test/other"}}),
        signed(base, payload={"x": 1}),
    ):
        assert send(lrs, base, token) == 400, token[:40]
    assert send(lrs, base, good, contentType="text/plain") == 400
    item = described(good, usageType=SIGNATURE, contentType="application/octet-stream")
    only_named = base | {"attachments": [item | {"fileUrl": "https://x.test/signature"}]}
    assert lrs.ask("POST", "statements", only_named).status_code == 400
    assert lrs.found() == []
