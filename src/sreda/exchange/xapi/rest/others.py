"""Agents, activities, and what this store says of itself."""

from __future__ import annotations

from importlib.metadata import version

from django.http import HttpResponse

from sreda.exchange.xapi.protocol import Answer, Call
from sreda.exchange.xapi.rest.call import as_json, resource
from sreda.exchange.xapi.rest.statements import MOST
from sreda.records.api import Scope
from sreda.records.api import statements as reads
from sreda.records.xapi.definitions import person
from sreda.records.xapi.formats import EDITIONS
from sreda.records.xapi.keys import AGENT, identity, key


@resource("GET", "HEAD")
def agents(call: Call) -> HttpResponse:
    call.require(Scope.READ)
    call.only("agent")
    agent = call.agent("agent")
    own = identity(agent)
    place = call.credential.organisation_id
    if own is None:
        names = []
    elif place:
        names = reads.names_within(own, place)
    else:
        names = reads.names_of(key(AGENT, own))
    return as_json(person(agent, names))


@resource("GET", "HEAD")
def activities(call: Call) -> HttpResponse:
    call.require(Scope.READ)
    call.only("activityId")
    iri = call.iri("activityId")
    place = call.credential.organisation_id
    hidden = place is not None and not reads.names_activity(iri, place)
    known = None if hidden else reads.definitions([iri]).get(iri)
    activity = {"objectType": "Activity", "id": iri}
    return as_json({**activity, "definition": known} if known else activity)


@resource("GET", "HEAD", open_to_all=True)
def about(call: Call) -> HttpResponse:
    call.only()
    extensions = {
        "https://w3id.org/xapi/lrs/software": {"name": "Sreda", "version": version("sreda")},
        "https://w3id.org/xapi/lrs/statements-in-one-answer": MOST,
    }
    return as_json({"version": list(EDITIONS.values()), "extensions": extensions})


@resource("GET", "HEAD", "PUT", "POST", "DELETE", open_to_all=True)
def unknown(call: Call) -> HttpResponse:
    raise Answer(404, "There is no such resource here.")
