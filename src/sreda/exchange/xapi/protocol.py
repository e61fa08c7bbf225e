"""What the protocol is in any process: limits, headers, parameters, statements of a body, errors
in words. No Django."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from sreda.records.domain.writing import Conflict, NotYours
from sreda.records.xapi.actors import actor as check_actor
from sreda.records.xapi.attachments import contents_of, media_type, parts_of
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import EDITIONS, is_iri, is_uuid, moment
from sreda.records.xapi.reading import read_json, read_statements, written_json

Sent = list[tuple[Any, str]]  # statements, each with its text as it was sent

MEGABYTE = 1024 * 1024
LIMIT = 64 * MEGABYTE
NEWEST = EDITIONS[max(EDITIONS)]
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
# Form fields that stand for headers in the alternate syntax (part three, 1.3).
FORM_HEADERS = (
    "Authorization",
    "X-Experience-API-Version",
    "Content-Type",
    "Content-Length",
    "If-Match",
    "If-None-Match",
    "Accept",
    "Accept-Language",
)
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": ", ".join((*METHODS, "OPTIONS")),
    "Access-Control-Allow-Headers": ", ".join((*FORM_HEADERS, "X-Experience-API-Hash")),
    "Access-Control-Expose-Headers": "ETag, Last-Modified, X-Experience-API-Version, "
    "X-Experience-API-Consistent-Through, X-Experience-API-Hash, WWW-Authenticate",
    "Access-Control-Max-Age": "86400",
}
TOO_LARGE = f"A request may have at most {LIMIT // MEGABYTE} MB."
NO_KEY = "A key and secret of this learning record store are needed (HTTP Basic)."
NO_VERSION = f"this header is required and must be {' or '.join(EDITIONS.values())}"


class Answer(Exception):
    """An answer that ends the request here."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass
class Call:
    """One request. `edition` is 1 or 2; `credential` says what it `may`. `params` are those of the
    address, or of the form that stands for it."""

    method: str
    path: str
    headers: Mapping[str, str]
    params: dict[str, str]
    body: bytes
    edition: int = 2
    credential: Any = None

    @property
    def reads(self) -> bool:
        return self.method in {"GET", "HEAD"}

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def require(self, scope: str) -> None:
        if not self.credential.may(scope):
            raise Answer(403, f"This credential lacks the scope “{scope}”.")

    def only(self, *allowed: str) -> None:
        for name in self.params:
            if name not in allowed:
                near = next((known for known in allowed if known.lower() == name.lower()), None)
                hint = f"; did you mean “{near}”? Names are case sensitive" if near else ""
                raise Invalid(name[:200], f"is not a parameter of this resource{hint}")

    def needed(self, name: str) -> str:
        if name not in self.params:
            raise Invalid(name, "this parameter is required")
        return self.params[name]

    def text(self, name: str) -> str:
        """A parameter that becomes part of an address: no half characters, no NUL."""
        value = self.needed(name)
        if "\0" in value or "\ufffd" in value:
            raise Invalid(name, "has a character that cannot be kept")
        return value

    def iri(self, name: str) -> str:
        value = self.needed(name)
        if not is_iri(value):
            raise Invalid(name, "must be an IRI with a scheme")
        return value

    def uuid(self, name: str) -> UUID | None:
        value = self.params.get(name)
        if value is None:
            return None
        if not is_uuid(value):
            raise Invalid(name, "must be a UUID in its usual form")
        return UUID(value)

    def moment(self, name: str) -> Any:
        value = self.params.get(name)
        if value is None:
            return None
        # A plus sign that was not escaped has become a space.
        found = moment(value) or moment(value.replace(" ", "+"))
        if found is None:
            raise Invalid(name, "must be a timestamp such as 2024-05-06T07:08:09Z")
        return found

    def agent(self, name: str) -> dict[str, Any]:
        """An Agent or identified Group, given as JSON."""
        text = self.needed(name)
        try:
            found = read_json(text)
        except Invalid as error:
            raise Invalid(name, f"must be an Agent as JSON: {error.reason}") from error
        try:
            check_actor(found)
        except Invalid as error:
            raise error.under(name) from None
        return found  # type: ignore[no-any-return]

    def flag(self, name: str) -> bool:
        value = self.params.get(name, "false")
        if value not in {"true", "false"}:
            raise Invalid(name, "must be true or false")
        return value == "true"


def sent_in(body: bytes, content_type: str) -> tuple[Sent, bool, dict[str, bytes]]:
    """Statements of a body with their texts, whether they are a batch, attachments by SHA-2."""
    kind, params = media_type(content_type)
    if kind == "application/json":
        return *read_statements(body), {}
    if kind != "multipart/mixed":
        raise Invalid("Content-Type", "must be application/json or multipart/mixed")
    first, *rest = parts_of(body, params.get("boundary", ""))
    if media_type(first.headers.get("content-type", ""))[0] != "application/json":
        raise Invalid("part[0].Content-Type", "must be application/json: the statements come first")
    return *read_statements(first.content), contents_of(rest)


def once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    params = dict(pairs)
    if len(params) != len(pairs):
        names = [name for name, _value in pairs]
        raise Invalid(next(n for n in names if names.count(n) > 1), "is given more than once")
    return params


def params_of(query: str) -> dict[str, str]:
    """Parameters of an address."""
    return once(parse_qsl(query, keep_blank_values=True))


def basic(header: str) -> tuple[str, str]:
    """Key and secret of an Authorization header."""
    kind, _space, text = header.partition(" ")
    if kind.lower() != "basic":
        raise Answer(401, NO_KEY)
    try:
        key, _colon, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Answer(401, "The Authorization header cannot be read.") from None
    if "\0" in key:
        raise Answer(401, NO_KEY)
    return key, secret


def target(call: Call) -> str:
    """The id that a PUT of a statement names."""
    call.only("statementId")
    wanted = call.needed("statementId")
    if not is_uuid(wanted):
        raise Invalid("statementId", "must be a UUID in its usual form")
    return wanted


def named(sent: Sent, several: bool, wanted: str) -> Sent:
    """The statement of a PUT, under the id of its address."""
    if several:
        raise Invalid("statement", "must be one statement, not an array")
    [(statement, text)] = sent
    if isinstance(statement, dict):
        own = statement.get("id", wanted)
        if not isinstance(own, str) or own.lower() != wanted.lower():
            raise Invalid("id", "is not the statementId of the address")
        if "id" not in statement:
            statement = {"id": wanted, **statement}
            text = written_json(statement)
    return [(statement, text)]


def refusal(error: Invalid | Conflict | NotYours) -> Answer:
    """Why statements are not taken."""
    if isinstance(error, Invalid):
        return Answer(400, str(error))
    known = error.statement_id
    if isinstance(error, Conflict):
        return Answer(409, f"id: another statement with the id {known} is here already")
    return Answer(403, f"object.id: statement {known} is of another source; not yours to void")
