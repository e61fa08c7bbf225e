"""A batch of statements: who writes it, and how it is checked and made ready."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sreda.kernel.ids import uuid7
from sreda.records.xapi.attachments import attachments_in, match
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import EDITIONS, in_utc
from sreda.records.xapi.keys import ATTACHMENT, VERB, key
from sreda.records.xapi.parts import DEFINED, NAMED, Part, keys_of, keys_of_authority
from sreda.records.xapi.properties import VOIDED
from sreda.records.xapi.reading import read_json, written_json
from sreda.records.xapi.statement import check

Json = dict[str, Any]


class Conflict(Exception):
    """A statement with this id, but other content, is here already."""

    def __init__(self, statement_id: str) -> None:
        super().__init__(statement_id)
        self.statement_id = statement_id


class NotYours(Exception):
    """The source may not void a statement of another."""

    def __init__(self, statement_id: str) -> None:
        super().__init__(statement_id)
        self.statement_id = statement_id


@dataclass(frozen=True)
class Source:
    """Who writes: its credential (None: Sreda itself), the JSON of its authority, and rights."""

    authority: str
    credential: UUID | None = None
    organisation: UUID | None = None
    defines: bool = True
    voids_any: bool = False
    vouching: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vouching", keys_of_authority(read_json(self.authority)))


@dataclass(slots=True)
class Prepared:
    """One checked statement; `text` is its JSON without the closing brace and what the LRS sets."""

    id: str
    statement: Json
    text: str
    verb: int
    keys: list[int]
    parts: list[Part]
    target: str | None
    voids: bool
    organisation: str | None


@dataclass(slots=True)
class Stored:
    """Outcome of a batch: its ids in order, and how many were new."""

    ids: list[str]
    new: int
    told: list[Part]
    defined: bool

    def remember(self) -> None:
        """After the commit: descriptions known now need not be written again soon."""
        for part in self.told:
            part.told = max(part.told, DEFINED if self.defined else NAMED)


def prepare(
    statements: Sequence[Json],
    *,
    edition: int,
    source: Source,
    organisations: Sequence[UUID | None] | None = None,
    texts: Sequence[str] | None = None,
) -> list[Prepared]:
    """Check every statement of a batch and make it ready; Invalid names the place (`[3].actor`).

    `texts` are the statements as they were sent: what needs no change is kept to the letter.
    """
    made = []
    several = len(statements) > 1
    known: set[str] = set()
    for number, statement in enumerate(statements):
        parts = check(statement, edition, f"[{number}]" if several else "")
        one = _prepared(
            statement,
            parts,
            edition,
            source,
            organisations[number] if organisations else source.organisation,
            texts[number] if texts else None,
        )
        if one.id in known:
            raise Invalid(f"[{number}].id", f"{one.id} is in this batch twice")
        known.add(one.id)
        made.append(one)
    return made


def _prepared(
    sent: Json,
    parts: list[Part],
    edition: int,
    source: Source,
    organisation: UUID | None,
    text: str | None,
) -> Prepared:
    statement = _listed(sent)
    if edition > 1 and "timestamp" in sent:
        at = in_utc(sent["timestamp"])
        if at != sent["timestamp"]:
            statement = {**statement, "timestamp": at}
    if "authority" in sent or "stored" in sent:
        statement = {n: v for n, v in statement.items() if n not in {"authority", "stored"}}
    text = written_json(statement)[:-1] if text is None or statement is not sent else text[:-1]
    own = sent.get("id")
    if own is None:
        own = str(uuid7())
        text += f',"id":"{own}"'
        statement = {**statement, "id": own}
    if "version" not in sent:
        text += f',"version":"{EDITIONS[edition] if edition > 1 else "1.0.0"}"'
    own = own.lower()
    target = statement["object"]
    refers = target.get("objectType") == "StatementRef"
    place = str(organisation) if organisation else None
    return Prepared(
        id=own,
        statement=statement,
        text=text,
        verb=key(VERB, statement["verb"]["id"]),
        keys=keys_of(statement, parts, vouching=source.vouching, organisation=place),
        parts=parts,
        target=target["id"].lower() if refers else None,
        voids=refers and statement["verb"]["id"] == VOIDED,
        organisation=place,
    )


def fit(batch: Sequence[Prepared], contents: Mapping[str, bytes], edition: int) -> None:
    """Check a prepared batch against the attachments that came with it, by their SHA-2; each
    statement keeps which came with it."""
    several = len(batch) > 1
    statements = [one.statement for one in batch]
    named = {
        item["sha2"].lower()
        for statement in statements
        if "attachments" in statement or statement["object"].get("objectType") == "SubStatement"
        for _place, item in attachments_in(statement)
    }
    if not named and not contents:
        return
    from sreda.records.xapi.signature import verify  # cryptography, in the few that need it

    match(statements, dict(contents))
    for one in batch:
        came = {item["sha2"].lower() for _place, item in attachments_in(one.statement)}
        one.keys += [key(ATTACHMENT, digest) for digest in sorted(came & contents.keys())]
    for number, statement in enumerate(statements):
        verify(statement, dict(contents), edition, f"[{number}]" if several else "")


@contextmanager
def without_collecting(large: bool) -> Iterator[None]:
    """JSON has no circles: looking for them among a large batch costs more than checking it."""
    large = large and gc.isenabled()
    if large:
        gc.disable()
    try:
        yield
    finally:
        if large:
            gc.enable()


def _listed(thing: Json) -> Json:
    """With context activities in arrays, as they are given back (2.4.6.2)."""
    activities = thing["context"].get("contextActivities") if "context" in thing else None
    if activities and dict in map(type, activities.values()):
        listed = {n: [f] if type(f) is dict else f for n, f in activities.items()}
        thing = {**thing, "context": {**thing["context"], "contextActivities": listed}}
    inner = thing["object"]
    if inner.get("objectType") == "SubStatement" and (made := _listed(inner)) is not inner:
        thing = {**thing, "object": made}
    return thing
