"""Document resources: state of an activity, profiles of activities and agents."""

from __future__ import annotations

import re
from dataclasses import replace

from django.http import HttpResponse
from django.utils.http import http_date

from sreda.exchange.xapi.protocol import Answer, Call
from sreda.exchange.xapi.rest.call import as_json, resource
from sreda.kernel import clock
from sreda.records.api import (
    Address,
    Document,
    DocumentKind,
    Expected,
    Scope,
    document,
    merge,
    names,
    put,
    remove,
    remove_all,
)
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.keys import identity

_TAG = re.compile(r"(?:W/)?\"([^\"]*)\"|([^\s,\"]+)")


@resource("GET", "HEAD", "PUT", "POST", "DELETE")
def state(call: Call) -> HttpResponse:
    _scope(call, Scope.STATE)
    several = call.reads and "stateId" not in call.params
    call.only("activityId", "agent", "registration", "stateId", *(["since"] if several else []))
    address = Address(
        DocumentKind.STATE,
        activity=call.iri("activityId"),
        agent=_agent(call),
        registration=call.uuid("registration"),
        name=call.text("stateId") if "stateId" in call.params else "",
        organisation=call.credential.organisation_id,
    )
    if "stateId" not in call.params:
        if call.method == "DELETE":
            remove_all(address)
            return HttpResponse(status=204)
        if not call.reads:
            call.needed("stateId")
        return _names(call, address)
    return _document(call, address, blind=call.edition == 1)


@resource("GET", "HEAD", "PUT", "POST", "DELETE")
def activity_profile(call: Call) -> HttpResponse:
    _scope(call, Scope.PROFILE)
    several = call.reads and "profileId" not in call.params
    call.only("activityId", "profileId", *(["since"] if several else []))
    activity = call.iri("activityId")
    return _profile(call, DocumentKind.ACTIVITY, activity=activity)


@resource("GET", "HEAD", "PUT", "POST", "DELETE")
def agent_profile(call: Call) -> HttpResponse:
    _scope(call, Scope.PROFILE)
    several = call.reads and "profileId" not in call.params
    call.only("agent", "profileId", *(["since"] if several else []))
    return _profile(call, DocumentKind.AGENT, agent=_agent(call))


def _profile(
    call: Call, kind: DocumentKind, *, activity: str = "", agent: str = ""
) -> HttpResponse:
    place = Address(kind, activity, agent, organisation=call.credential.organisation_id)
    if "profileId" not in call.params and call.reads:
        return _names(call, place)
    return _document(call, replace(place, name=call.text("profileId")), blind=False)


def _scope(call: Call, own: Scope) -> None:
    if call.reads and call.credential.may(Scope.ALL_READ):
        return
    call.require(own)


def _agent(call: Call) -> str:
    found = identity(call.agent("agent"))
    if found is None:
        raise Invalid("agent", "must be an Agent or an identified Group")
    return found


def _names(call: Call, address: Address) -> HttpResponse:
    found, changed = names(address, call.moment("since"))
    response = as_json(found)
    if changed:
        response["Last-Modified"] = http_date(changed.timestamp())
    return response


def _document(call: Call, address: Address, *, blind: bool) -> HttpResponse:
    expected = Expected(_tags(call, "If-Match"), _tags(call, "If-None-Match"))
    if call.reads:
        return _read(address, expected)
    kind = call.header("Content-Type")
    if call.method == "DELETE":
        remove(address, expected=expected)
    elif call.method == "POST":
        merge(address, call.body, kind, expected=expected, at=clock.now())
    else:
        if call.edition == 1 and not blind and not expected and document(address) is None:
            raise Invalid(
                "If-None-Match",
                'a PUT of a profile needs If-Match, or If-None-Match: "*" to make one',
            )
        put(address, call.body, kind, expected=expected, blind=blind, at=clock.now())
    return HttpResponse(status=204)


def _read(address: Address, expected: Expected) -> HttpResponse:
    found: Document | None = document(address)
    if found is None:
        raise Answer(404, "There is no such document here.")
    if expected.none_match & {"*", found.etag}:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(bytes(found.content), content_type=found.content_type)
        # What a source keeps here is not to be run by a browser that opens it.
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["ETag"] = f'"{found.etag}"'
    response["Last-Modified"] = http_date(found.updated_at.timestamp())
    return response


def _tags(call: Call, header: str) -> frozenset[str]:
    return frozenset(quoted or bare for quoted, bare in _TAG.findall(call.header(header)))
