"""The statements resource."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import http_date

from sreda.exchange.xapi.protocol import Answer, Call, Sent, named, sent_in, target
from sreda.exchange.xapi.rest.call import as_json, resource, said
from sreda.kernel import clock
from sreda.kernel.api import kept_content
from sreda.records.api import Scope, agreements, keep_reading, source_of, take_in
from sreda.records.api import statements as reads
from sreda.records.xapi.attachments import attachments_in, mixed
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import is_uuid, moment, written
from sreda.records.xapi.formatting import (
    accepted_languages,
    activities_in,
    canonical,
    only_ids,
    verbs_in,
)
from sreda.records.xapi.keys import (
    ORGANISATION,
    VERB,
    activity_key,
    agent_key,
    key,
    registration_key,
)
from sreda.records.xapi.reading import read_json, written_json

Json = dict[str, Any]

MOST = 500  # statements in one answer
FILTERS = (
    "agent",
    "verb",
    "activity",
    "registration",
    "related_activities",
    "related_agents",
    "since",
    "until",
    "limit",
    "ascending",
    "cursor",
)
SINGLE = ("statementId", "voidedStatementId")
SHOWN = ("format", "attachments")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@resource("GET", "HEAD", "PUT", "POST")
def statements(call: Call) -> HttpResponse:
    if not call.reads:
        return _put(call) if call.method == "PUT" else _post(call)
    # Before the search, so that whatever it promises is in what is found.
    through = written(reads.found_through())
    try:
        response = _get(call)
    except (Invalid, Answer) as error:
        response = (
            said(error.status, error.text) if isinstance(error, Answer) else said(400, str(error))
        )
    response["X-Experience-API-Consistent-Through"] = through
    return response


# -- taking in ---------------------------------------------------------------------------------


def _put(call: Call) -> HttpResponse:
    call.require(Scope.WRITE)
    wanted = target(call)
    sent, several, contents = sent_in(call.body, call.header("Content-Type"))
    _take_in(call, named(sent, several, wanted), contents)
    return HttpResponse(status=204)


def _post(call: Call) -> HttpResponse:
    call.require(Scope.WRITE)
    call.only()
    sent, _several, contents = sent_in(call.body, call.header("Content-Type"))
    return as_json(_take_in(call, sent, contents) if sent else [])


def _take_in(call: Call, sent: Sent, contents: dict[str, bytes]) -> list[str]:
    stored = take_in(
        [statement for statement, _text in sent],
        texts=[text for _statement, text in sent],
        edition=call.edition,
        source=source_of(call.credential),
        contents=contents,
    )
    return stored.ids


# -- giving out --------------------------------------------------------------------------------


def _get(call: Call) -> HttpResponse:
    agreed = Agreed(call) if call.credential.may(Scope.BY_AGREEMENT) else None
    if agreed is None:
        call.require(Scope.READ_MINE)
    single = [name for name in SINGLE if name in call.params]
    if single:
        return _one(call, single, agreed)
    call.only(*SINGLE, *FILTERS, *SHOWN)
    wanted = _wanted(call, agreed)
    shape, with_attachments = _shape(call)
    found = reads.find(wanted)
    if agreed:
        agreed.keep(found.bodies)
    bodies = _shaped(found.bodies, shape, call)
    more = _more(call, found.more) if found.more else ""
    content = f'{{"statements":[{",".join(bodies)}],"more":{written_json(more)}}}'
    newest = _last_stored(found.bodies if wanted.ascending else found.bodies[:1])
    return _respond(content, found.bodies if with_attachments else None, newest)


class Agreed:
    """Reading by agreement: those in force today, what they let through, and its record."""

    def __init__(self, call: Call) -> None:
        self.call, self.at = call, clock.now()
        on = timezone.localtime(self.at).date()
        self.agreements = agreements.in_force(call.credential.pk, on)
        self.allowed = agreements.allowed(self.agreements, on)

    def keep(self, bodies: list[str]) -> None:
        keep_reading(
            self.agreements,
            source=self.call.credential,
            asked=self.call.params,
            statements=[read_json(body) for body in bodies],
            at=self.at,
        )


def _one(call: Call, single: list[str], agreed: Agreed | None) -> HttpResponse:
    if len(single) > 1:
        raise Invalid("voidedStatementId", "does not go together with statementId")
    call.only(single[0], *SHOWN)
    name = single[0]
    if not is_uuid(call.params[name]):
        raise Invalid(name, "must be a UUID in its usual form")
    shape, with_attachments = _shape(call)
    own = call.credential
    body = reads.one(
        call.params[name],
        voided=name == "voidedStatementId",
        credential=None if agreed or own.may(Scope.READ) else own.pk,
        organisation=own.organisation_id,
        allowed=agreed.allowed if agreed else None,
    )
    if agreed:
        agreed.keep([body] if body else [])
    if body is None:
        raise Answer(404, f"{name}: there is no such statement here.")
    shown = _shaped([body], shape, call)[0]
    return _respond(shown, [body] if with_attachments else None, _last_stored([body]))


def _shape(call: Call) -> tuple[str, bool]:
    shape = call.params.get("format", "exact")
    if shape not in {"exact", "ids", "canonical"}:
        raise Invalid("format", "must be exact, ids or canonical")
    return shape, call.flag("attachments")


def _wanted(call: Call, agreed: Agreed | None) -> reads.Wanted:
    keys: list[int] = []
    near_agents, near_activities = call.flag("related_agents"), call.flag("related_activities")
    if "registration" in call.params:
        keys.append(registration_key(str(call.uuid("registration"))))
    if "agent" in call.params:
        found = agent_key(call.agent("agent"), near=near_agents)
        if found is None:
            raise Invalid("agent", "must be an Agent or an identified Group")
        keys.append(found)
    if "activity" in call.params:
        keys.append(activity_key(call.iri("activity"), near=near_activities))
    if "verb" in call.params:
        keys.append(key(VERB, call.iri("verb")))
    own = call.credential
    if own.organisation_id:
        keys.append(key(ORGANISATION, str(own.organisation_id)))
    mine = agreed is None and not own.may(Scope.READ)
    if mine and not keys and (vouching := agent_key(read_json(own.agent), near=True)):
        keys.append(vouching)
    return reads.Wanted(
        keys=tuple(keys),
        since=call.moment("since"),
        until=call.moment("until"),
        after=_cursor(call),
        ascending=call.flag("ascending"),
        credential=own.pk if mine else None,
        organisation=own.organisation_id,
        limit=_limit(call),
        allowed=agreed.allowed if agreed else None,
    )


def _limit(call: Call) -> int:
    text = call.params.get("limit", "0")
    if not (text.isascii() and text.isdecimal()):
        raise Invalid("limit", "must be a whole number, zero or more")
    return min(int(text[:9]) or MOST, MOST)


def _cursor(call: Call) -> reads.Cursor | None:
    """The place of the last statement given: microseconds and number."""
    if "cursor" not in call.params:
        return None
    try:
        stored, seq = struct.unpack(">qq", base64.urlsafe_b64decode(call.params["cursor"] + "=="))
        return reads.Cursor(EPOCH + timedelta(microseconds=stored), seq)
    except (ValueError, struct.error, OverflowError):
        raise Invalid("cursor", "is not one that was given here") from None


def _more(call: Call, after: reads.Cursor) -> str:
    """A relative IRL: this search with the place where it goes on. Nothing is kept for it."""
    micros = (after.stored - EPOCH) // timedelta(microseconds=1)
    mark = base64.urlsafe_b64encode(struct.pack(">qq", micros, after.seq)).decode().rstrip("=")
    return f"{call.path}?{urlencode({**call.params, 'cursor': mark})}"


def _shaped(bodies: list[str], shape: str, call: Call) -> list[str]:
    if shape == "exact":
        return bodies
    read = [read_json(body) for body in bodies]
    if shape == "ids":
        return [_written(only_ids(one), body) for one, body in zip(read, bodies, strict=True)]
    languages = accepted_languages(call.header("Accept-Language"))
    definitions = reads.definitions(a["id"] for s in read for a in activities_in(s))
    displays = reads.displays(v["id"] for s in read for v in verbs_in(s))
    return [
        _written(canonical(one, languages, definitions, displays), body)
        for one, body in zip(read, bodies, strict=True)
    ]


def _written(shown: Json, body: str) -> str:
    """A number in an extension may be beyond what we can write anew: such a one stays as it is."""
    try:
        return written_json(shown)
    except Invalid:
        return body


def _last_stored(bodies: list[str]) -> datetime | None:
    return moment(read_json(bodies[-1])["stored"]) if bodies else None


def _respond(content: str, bodies: list[str] | None, modified: datetime | None) -> HttpResponse:
    kind, body = "application/json", content.encode()
    if bodies is not None:
        kind, body = mixed(body, _attachments(bodies))
    response = HttpResponse(body, content_type=kind)
    if modified:
        response["Last-Modified"] = http_date(modified.timestamp())
    return response


def _attachments(bodies: list[str]) -> Iterable[tuple[str, str, bytes]]:
    """Each content once; those that only have a fileUrl stay where they are."""
    wanted: dict[str, str] = {}
    elsewhere: dict[tuple[str, str], str] = {}
    for body in bodies:
        if '"attachments"' in body:
            statement = read_json(body)
            for _place, item in attachments_in(statement):
                digest = item["sha2"].lower()
                if "fileUrl" in item:  # without one the content must have come
                    elsewhere[statement["id"].lower(), digest] = item["contentType"]
                else:
                    wanted.setdefault(digest, item["contentType"])
    for pair in reads.came_with(elsewhere) if elsewhere else ():
        wanted.setdefault(pair[1], elsewhere[pair])
    kept = reads.attachments(wanted)
    for digest, kind in wanted.items():
        if digest in kept:
            yield digest, kind, kept_content(kept[digest].sha256)
