"""The rules of agents and groups."""

from __future__ import annotations

from typing import Any

from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import is_iri, is_mailto, is_sha1
from sreda.records.xapi.properties import ACCOUNT, AGENT, GROUP, IFIS
from sreda.records.xapi.values import each, object_of


def actor(value: Any) -> None:
    """An Agent or a Group."""
    if type(value) is dict and value.get("objectType") == "Group":
        group(value)
    else:
        agent(value)


def agent(value: Any) -> None:
    thing = object_of(value, AGENT)
    if "objectType" in thing and thing["objectType"] != "Agent":
        raise Invalid("objectType", 'must be "Agent"')
    if not _identified(thing):
        raise Invalid("", "needs one of mbox, mbox_sha1sum, openid, account")


def group(value: Any) -> None:
    thing = object_of(value, GROUP)
    if thing.get("objectType") != "Group":
        raise Invalid("objectType", 'must be "Group"')
    identified = _identified(thing)
    if "member" not in thing:
        if not identified:
            raise Invalid("member", "is required, or one of mbox, mbox_sha1sum, openid, account")
        return
    try:
        members = thing["member"]
        each(members, agent, "must be an array of Agents")
        if not members and not identified:
            raise Invalid("", "must not be empty: nothing else identifies this Group")
    except Invalid as error:
        raise error.under("member") from None


def _identified(thing: dict[str, Any]) -> bool:
    """Checks the name and the one inverse functional identifier; False where there is none."""
    if "name" in thing and type(thing["name"]) is not str:
        raise Invalid("name", "must be a string")
    known = [name for name in IFIS if name in thing]
    if not known:
        return False
    if len(known) > 1:
        raise Invalid("", f"has more than one identifier: {', '.join(known)}")
    name = known[0]
    value = thing[name]
    if name == "account":
        try:
            account = object_of(value, ACCOUNT)
            for part in ("homePage", "name"):
                if part not in account:
                    raise Invalid(part, "is required")
            if type(account["homePage"]) is not str or not is_iri(account["homePage"]):
                raise Invalid("homePage", "must be an IRL with a scheme, a string")
            if type(account["name"]) is not str:
                raise Invalid("name", "must be a string")
        except Invalid as error:
            raise error.under(name) from None
    elif name == "mbox":
        if type(value) is not str or not is_mailto(value):
            raise Invalid(name, 'must be "mailto:" and an e-mail address')
    elif name == "mbox_sha1sum":
        if type(value) is not str or not is_sha1(value):
            raise Invalid(name, "must be 40 hexadecimal digits")
    elif type(value) is not str or not is_iri(value):
        raise Invalid(name, "must be a URI")
    return True


def authority(value: Any) -> None:
    """An Agent, or the pair of an OAuth application and its user (2.4.9)."""
    if type(value) is dict and value.get("objectType") == "Group":
        group(value)
        if any(name in value for name in IFIS):
            raise Invalid("", "a Group that vouches must be anonymous")
        if len(value["member"]) != 2:
            raise Invalid("member", "must be two Agents: an application and its user")
    else:
        agent(value)
