"""One request as the standard sees it, and what every resource shares: version, credential,
scope, the alternate syntax of 1.0.3, cross-origin headers, errors in words."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sreda.exchange.xapi.protocol import (
    CORS,
    FORM_HEADERS,
    LIMIT,
    METHODS,
    NEWEST,
    NO_KEY,
    NO_VERSION,
    TOO_LARGE,
    Answer,
    Call,
    basic,
    once,
    params_of,
    refusal,
)
from sreda.kernel import clock
from sreda.records.api import (
    Changed,
    Conflict,
    Credential,
    Exists,
    NotYours,
    check,
    note_version,
    version_of,
)
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import EDITIONS, edition_of

log = logging.getLogger(__name__)

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
    except (Invalid, Conflict, NotYours) as error:
        refused = refusal(error)
        response = said(refused.status, refused.text)
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
    params = params_of(request.META.get("QUERY_STRING", ""))
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


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > LIMIT:
        raise Answer(413, TOO_LARGE)
    if hasattr(request, "_body"):  # a form, already read by a middleware
        return request.body
    body = request.read(LIMIT + 1)
    if len(body) > LIMIT:
        raise Answer(413, TOO_LARGE)
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
        fields = once(
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
            if not headers[name].isprintable():
                raise Invalid(name, "has a character that no header may have")
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
    key, secret = basic(header)
    found = check(key, secret, at=clock.now())
    if found is None:
        raise Answer(401, NO_KEY)
    return found


def _version(call: Call, state: _State) -> None:
    header = call.header("X-Experience-API-Version")
    edition = edition_of(header)
    if edition is None:
        state.version = version_of(call.credential) or state.version
        raise Invalid("X-Experience-API-Version", NO_VERSION)
    call.edition = edition
    state.version = EDITIONS[edition]
    note_version(call.credential, state.version)
