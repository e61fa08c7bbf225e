"""One request as the standard sees it, and what every resource shares: version, credential,
scope, the alternate syntax of 1.0.3, cross-origin headers, errors in words."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sreda.kernel import clock
from sreda.records.api import (
    Changed,
    Conflict,
    Credential,
    Exists,
    NotYours,
    Scope,
    check,
    note_version,
    version_of,
)
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import EDITIONS, edition_of, is_iri, is_uuid, moment
from sreda.records.xapi.reading import read_json
from sreda.records.xapi.statement import actor as check_actor

log = logging.getLogger(__name__)

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


class Answer(Exception):
    """An answer that ends the request here."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass
class Call:
    """`edition` is 1 or 2. `params` are those of the address, or of the form that stands for it."""

    method: str
    path: str
    headers: Mapping[str, str]
    params: dict[str, str]
    body: bytes
    edition: int = 2
    credential: Credential = field(default=None)  # type: ignore[assignment]

    @property
    def reads(self) -> bool:
        return self.method in {"GET", "HEAD"}

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def require(self, scope: Scope) -> None:
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


Handler = Callable[[Call], HttpResponse]
View = Callable[..., HttpResponse]


def resource(*methods: str, open_to_all: bool = False) -> Callable[[Handler], View]:
    """A view out of a handler of calls. `open_to_all`: needs neither credential nor version."""

    def decorate(handler: Handler) -> View:
        @csrf_exempt
        @wraps(handler)
        def view(request: HttpRequest, **_parts: str) -> HttpResponse:
            spoken = edition_of(request.headers.get("X-Experience-API-Version", ""))
            state = _State(EDITIONS[spoken] if spoken else NEWEST)
            if request.method == "OPTIONS":
                response = HttpResponse(status=204, headers={"Allow": ", ".join(methods)})
            else:
                response = _answer(request, handler, methods, open_to_all, state)
            response["X-Experience-API-Version"] = state.version
            for name, value in CORS.items():
                response.headers.setdefault(name, value)
            response.headers.setdefault("Cache-Control", "no-cache")
            return response

        return view

    return decorate


@dataclass
class _State:
    version: str


def _answer(
    request: HttpRequest,
    handler: Handler,
    methods: tuple[str, ...],
    open_to_all: bool,
    state: _State,
) -> HttpResponse:
    try:
        call = _call(request)
        if not open_to_all:
            call.credential = _credential(call.header("Authorization"))
            _version(call, state)
        if call.method not in methods:
            raise Answer(405, f"This resource answers to {', '.join(methods)}.")
        response = handler(call)
    except Answer as end:
        response = said(end.status, end.text)
        if end.status == 401:
            response["WWW-Authenticate"] = 'Basic realm="xAPI", charset="UTF-8"'
        if end.status == 405:
            response["Allow"] = ", ".join((*methods, "OPTIONS"))
    except Invalid as error:
        response = said(400, str(error))
    except Conflict as error:
        response = said(
            409, f"id: another statement with the id {error.statement_id} is here already"
        )
    except NotYours as error:
        response = said(
            403,
            f"object.id: statement {error.statement_id} is of another source; not yours to void",
        )
    except Changed:
        response = said(412, "If-Match, If-None-Match: the document here is not the one you know")
    except Exists:
        response = said(
            409,
            "There is a document already. Fetch it and send its ETag in If-Match, or send "
            "If-None-Match: * to make only a new one.",
        )
    except DatabaseError:
        log.exception("a request of xAPI failed")
        response = said(503, "The database is not available; send this again later.")
        response["Retry-After"] = "5"
    if request.method == "HEAD":
        length = len(response.content)
        response.content = b""
        response["Content-Length"] = str(length)
    return response


def said(status: int, text: str) -> HttpResponse:
    """An error in words."""
    return as_json({"error": text}, status)


def as_json(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(
        json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"),
        status=status,
        content_type="application/json",
    )


def _call(request: HttpRequest) -> Call:
    params = _once(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True))
    call = Call(
        method=str(request.method),
        path=request.path,
        headers=request.headers,
        params=params,
        body=_body(request),
    )
    spoken = edition_of(call.header("X-Experience-API-Version"))
    if call.method == "POST" and "method" in params and spoken != 2:
        return _alternate(call)
    return call


def _once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    params = dict(pairs)
    if len(params) != len(pairs):
        names = [name for name, _value in pairs]
        raise Invalid(next(n for n in names if names.count(n) > 1), "is given more than once")
    return params


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > LIMIT:
        raise Answer(413, f"A request may have at most {LIMIT // MEGABYTE} MB.")
    if hasattr(request, "_body"):  # a form, already read by a middleware
        return request.body
    body = request.read(LIMIT + 1)
    if len(body) > LIMIT:
        raise Answer(413, f"A request may have at most {LIMIT // MEGABYTE} MB.")
    return body


def _alternate(call: Call) -> Call:
    """POST with ?method= and a form that has headers, parameters and content (1.0.3 only)."""
    method = call.params.pop("method")
    if call.params:
        raise Invalid(
            next(iter(call.params)), "only “method” may be in the address of the alternate syntax"
        )
    if method not in METHODS:
        raise Invalid("method", "must be " + ", ".join(METHODS))
    try:
        fields = _once(
            parse_qsl(
                call.body.decode("utf-8"),
                keep_blank_values=True,
                strict_parsing=bool(call.body),
                errors="strict",
            )
        )
    except (UnicodeDecodeError, ValueError) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid("", "the body is not a form (application/x-www-form-urlencoded)") from error
    headers = dict(call.headers.items())
    headers.pop("Content-Type", None)
    for name in FORM_HEADERS:
        for given in [known for known in fields if known.lower() == name.lower()]:
            headers[name] = fields.pop(given)
    content = fields.pop("content", None)
    if content is None and method in {"PUT", "POST"}:
        raise Invalid("content", "this field of the form is required")
    headers.setdefault("Content-Type", "application/json")
    edition = edition_of(headers.get("X-Experience-Api-Version", ""))
    if "X-Experience-API-Version" in headers:
        edition = edition_of(headers["X-Experience-API-Version"])
    if edition == 2:
        raise Invalid("method", "is not a parameter of this resource: 2.0 has no alternate syntax")
    return Call(
        method=method,
        path=call.path,
        headers=_Headers(headers),
        params=fields,
        body=(content or "").encode(),
    )


class _Headers(dict[str, str]):
    """Names in any case; of two the later, which came in the form."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in given.items()})

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def _credential(header: str) -> Credential:
    kind, _space, text = header.partition(" ")
    if kind.lower() == "basic":
        try:
            key, _colon, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Answer(401, "The Authorization header cannot be read.") from None
        found = check(key, secret, at=clock.now()) if "\0" not in key else None
        if found:
            return found
    raise Answer(401, "A key and secret of this learning record store are needed (HTTP Basic).")


def _version(call: Call, state: _State) -> None:
    header = call.header("X-Experience-API-Version")
    edition = edition_of(header)
    if edition is None:
        state.version = version_of(call.credential) or state.version
        spoken = " or ".join(EDITIONS.values())
        raise Invalid("X-Experience-API-Version", f"this header is required and must be {spoken}")
    call.edition = edition
    state.version = EDITIONS[edition]
    note_version(call.credential, state.version)
