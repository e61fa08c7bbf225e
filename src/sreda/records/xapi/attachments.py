"""multipart/mixed in and out, and the match between statements and what came with them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sreda.records.xapi.errors import Invalid

Json = dict[str, Any]

_HASHES = {56: hashlib.sha224, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body; header names are in small letters."""

    headers: dict[str, str]
    content: bytes


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """A Content-Type in small letters, and its parameters."""
    kind, _semicolon, rest = header.partition(";")
    found = re.findall(r"([\w!#$%&'*+.^`|~\-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\s]*))", rest)
    return kind.strip().lower(), {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
        for name, quoted, plain in found
    }


def parts_of(body: bytes, boundary: str) -> list[Part]:
    if not boundary or not _BOUNDARY.match(boundary):
        raise Invalid("Content-Type", "multipart/mixed needs a boundary")
    mark = b"--" + boundary.encode("ascii")
    whole = b"\r\n" + body
    pieces = re.split(rb"\r?\n" + re.escape(mark) + rb"(?=--|[ \t]*\r?\n)", whole)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise Invalid("", "the multipart body does not begin and end with its boundary")
    return [_part(piece, number) for number, piece in enumerate(pieces[1:-1])]


def _part(piece: bytes, number: int) -> Part:
    piece = re.sub(rb"\A[ \t]*\r?\n", b"", piece, count=1)
    if piece.startswith((b"\r\n", b"\n")):
        head, content = b"", piece.split(b"\n", 1)[1]
    else:
        split = re.split(rb"\r?\n\r?\n", piece, maxsplit=1)
        if len(split) != 2:
            raise Invalid(f"part[{number}]", "has no empty line after its headers")
        head, content = split
    headers = {}
    for line in re.split(rb"\r?\n(?![ \t])", head):
        name, colon, value = line.partition(b":")
        if not colon:
            if line.strip():
                raise Invalid(f"part[{number}]", "has a header without a colon")
            continue
        headers[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
    return Part(headers, content)


def contents_of(parts: Iterable[Part]) -> dict[str, bytes]:
    """Attachments that came, by their SHA-2 in small letters; each is what its hash says."""
    found = {}
    for number, part in enumerate(parts, start=1):
        place = f"part[{number}]"
        if part.headers.get("content-transfer-encoding", "").lower() != "binary":
            raise Invalid(f"{place}.Content-Transfer-Encoding", 'must be "binary"')
        given = part.headers.get("x-experience-api-hash", "").lower()
        make = _HASHES.get(len(given))
        if make is None:
            raise Invalid(f"{place}.X-Experience-API-Hash", "must be the SHA-2 of the content")
        if make(part.content).hexdigest() != given:
            raise Invalid(f"{place}.X-Experience-API-Hash", "is not the hash of this content")
        found[given] = part.content
    return found


def attachments_in(statement: Json) -> Iterator[tuple[str, Json]]:
    """Attachment objects of a statement and of its SubStatement, with their places."""
    for number, item in enumerate(statement.get("attachments", ())):
        yield f"attachments[{number}]", item
    target = statement["object"]
    if target.get("objectType") == "SubStatement":
        for number, item in enumerate(target.get("attachments", ())):
            yield f"object.attachments[{number}]", item


def match(statements: list[Json], contents: dict[str, bytes], known: Iterable[str] = ()) -> None:
    """Every attachment has its content here, or is kept already (`known`), or says where it is;
    every content that came belongs to a statement."""
    kept = set(known)
    wanted = set()
    for place, statement in enumerate(statements):
        before = f"[{place}]." if len(statements) > 1 else ""
        for where, item in attachments_in(statement):
            digest = item["sha2"].lower()
            wanted.add(digest)
            # The length told is not compared: the hash proves the content, and sources err.
            if digest not in contents and "fileUrl" not in item and digest not in kept:
                raise Invalid(f"{before}{where}", "has no content in this request, and no fileUrl")
    stray = contents.keys() - wanted
    if stray:
        raise Invalid("X-Experience-API-Hash", f"no statement has an attachment {min(stray)}")


def mixed(first: bytes, parts: Iterable[tuple[str, str, bytes]]) -> tuple[str, bytes]:
    """A multipart/mixed body of JSON and (sha2, content type, content); and its Content-Type."""
    boundary = secrets.token_hex(16)
    mark = f"--{boundary}".encode()
    lines = [mark, b"Content-Type: application/json", b"", first]
    for digest, kind, content in parts:
        lines += [
            mark,
            f"Content-Type: {' '.join(kind.split())}".encode("latin-1", "replace"),
            b"Content-Transfer-Encoding: binary",
            f"X-Experience-API-Hash: {digest}".encode(),
            b"",
            content,
        ]
    lines += [mark + b"--", b""]
    return f"multipart/mixed; boundary={boundary}", b"\r\n".join(lines)
