"""Signed statements (2.6): a JSON web signature, RFC 7515, kept as an attachment."""

from __future__ import annotations

import base64
import binascii
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sreda.records.xapi.compare import same
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.properties import SIGNATURE
from sreda.records.xapi.reading import read_json
from sreda.records.xapi.statement import check

Json = dict[str, Any]

ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}


def verify(statement: Json, contents: dict[str, bytes], edition: int, place: str = "") -> None:
    """Every signature among a statement's attachments is whole and of this statement.

    With certificates in its header (x5c) it must be by the key of the first, and each of them
    certified by the next; whom to trust is for the reader. Without any, the form is all there is.
    """
    before = f"{place}." if place else ""
    for number, item in enumerate(statement.get("attachments", ())):
        if item["usageType"] == SIGNATURE:
            _verify(statement, item, contents, edition, f"{before}attachments[{number}]")


def _verify(
    statement: Json, item: Json, contents: dict[str, bytes], edition: int, place: str
) -> None:
    if item["contentType"].partition(";")[0].strip().lower() != "application/octet-stream":
        raise Invalid(f"{place}.contentType", 'of a signature must be "application/octet-stream"')
    content = contents.get(item["sha2"].lower())
    if content is None:
        raise Invalid(place, "the signature itself must come with the statement")
    try:
        head, payload, signature = content.strip().decode("ascii").split(".")
        header = read_json(_bytes(head))
        signed = read_json(_bytes(payload))
        mark = _bytes(signature)
    except (UnicodeDecodeError, ValueError, binascii.Error) as error:
        raise Invalid(place, f"is not a JSON web signature: {error}") from error
    algorithm = header.get("alg") if isinstance(header, dict) else None
    if algorithm not in ALGORITHMS:
        raise Invalid(f"{place}.alg", "must be RS256, RS384 or RS512")
    try:
        check(signed, edition)
    except Invalid as error:
        raise Invalid(place, f"what is signed is not a statement: {error}") from error
    if not same(statement, signed, attachments=False):
        raise Invalid(place, "what is signed is another statement")
    if "x5c" in header:
        _by_certificate(header["x5c"], f"{head}.{payload}".encode(), mark, algorithm, place)


def _by_certificate(chain: Any, signed: bytes, mark: bytes, algorithm: str, place: str) -> None:
    if not isinstance(chain, list) or not chain:
        raise Invalid(f"{place}.x5c", "must be an array of certificates")
    try:
        known = [x509.load_der_x509_certificate(base64.b64decode(c, validate=True)) for c in chain]
        public = known[0].public_key()
        if not isinstance(public, RSAPublicKey):
            raise Invalid(f"{place}.x5c", "the certificate's key is not an RSA key")
        public.verify(mark, signed, PKCS1v15(), ALGORITHMS[algorithm])
        for below, above in pairwise(known):
            below.verify_directly_issued_by(above)
    except InvalidSignature as error:
        raise Invalid(place, "the signature does not fit its certificate") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid(f"{place}.x5c", f"cannot be read: {error}") from error


def _bytes(text: str) -> bytes:
    """base64url without padding (RFC 7515, section 2)."""
    if "=" in text or "+" in text or "/" in text:
        raise ValueError("not base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
