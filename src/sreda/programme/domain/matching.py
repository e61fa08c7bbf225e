"""Which organisation of the registry a row of the order's list is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, publish
from sreda.programme import events
from sreda.programme.enums import MatchedBy
from sreda.programme.models import ListEntry, Programme
from sreda.programme.pack.model import locality, name_core, postcode
from sreda.programme.pack.values import plain
from sreda.registry.api import Organisation

CERTAIN = 0.8
LEAD = 0.15
SUGGESTED = 0.3
TOWN_KIND = re.compile(r"^(?:г|город|пгт|рп|пос|поселок|п|с|село|д|деревня|ст-ца|аул)\b\s*")


@dataclass(frozen=True, slots=True)
class Features:
    """What an organisation is told by: kind, numbers in the name, the name's core, its place."""

    kind: str
    numbers: frozenset[str]
    name: frozenset[str]
    town: str
    postcode: str
    street: frozenset[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    organisation: Organisation
    score: float


def features(*, kind: str, name: str, address: str, town: str = "", code: str = "") -> Features:
    core = name_core(name)
    return Features(
        kind=kind,
        numbers=frozenset(re.findall(r"\d+", core)),
        name=trigrams(re.sub(r"\d+|№", " ", core)),
        town=TOWN_KIND.sub("", plain(town or locality(address))),
        postcode=code or postcode(address),
        street=trigrams(" ".join(plain(address).split(",")[-2:])),
    )


def trigrams(text: str) -> frozenset[str]:
    """As pg_trgm cuts words: two blanks before, one after."""
    words = re.findall(r"\w+", text.casefold().replace("ё", "е"))
    return frozenset(f"  {word} "[at : at + 3] for word in words for at in range(len(word) + 1))


def alike(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / len(left | right) if left and right else 0.0


def score(entry: Features, organisation: Features) -> float:
    """0 to 1; another kind or another number is another organisation."""
    if entry.kind != organisation.kind or entry.numbers != organisation.numbers:
        return 0.0
    same_town = bool(entry.town) and entry.town == organisation.town
    same_post = bool(entry.postcode) and entry.postcode == organisation.postcode
    return (
        0.5 * alike(entry.name, organisation.name)
        + (0.3 if same_town else 0.0)
        + (0.1 if same_post else 0.0)
        + 0.1 * alike(entry.street, organisation.street)
    )


def of_entry(entry: ListEntry) -> Features:
    return features(kind=entry.section, name=entry.name, address=entry.address)


def of_organisation(organisation: Organisation) -> Features:
    return features(
        kind=organisation.kind,
        name=organisation.short_name,
        address=organisation.address,
        town=organisation.locality,
        code=organisation.postcode,
    )


def candidates(
    entry: ListEntry, organisations: Iterable[tuple[Organisation, Features]]
) -> list[Candidate]:
    """The likely ones, best first."""
    wanted = of_entry(entry)
    scored = (Candidate(o, score(wanted, known)) for o, known in organisations)
    return sorted((c for c in scored if c.score >= SUGGESTED), key=lambda c: c.score, reverse=True)[
        :5
    ]


def certain(found: Sequence[Candidate]) -> Organisation | None:
    """The best, when it is good and clearly better than the next."""
    if not found or found[0].score < CERTAIN:
        return None
    if len(found) > 1 and found[0].score - found[1].score < LEAD:
        return None
    return found[0].organisation


def known_organisations() -> list[tuple[Organisation, Features]]:
    """Organisations a row may be, with what they are told by; one query."""
    rows = Organisation.objects.filter(kind__in=["school", "college"]).select_related(
        "municipality"
    )
    return [(row, of_organisation(row)) for row in rows]


def match_certain(programme: Programme, *, at: datetime) -> int:
    """Match the rows about which there is no doubt; returns how many. What a person said stays."""
    with transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        entries = list(ListEntry.objects.filter(programme=programme, gone_at=None))
        open_ones = [e for e in entries if e.matched_by == MatchedBy.NOBODY]
        if not open_ones:
            return 0
        taken = {e.organisation_id for e in entries if e.organisation_id}
        known = [(o, f) for o, f in known_organisations() if o.pk not in taken]
        found = [(entry, certain(candidates(entry, known))) for entry in open_ones]
        wanted = [organisation.pk for _entry, organisation in found if organisation]
        matched = []
        for entry, organisation in found:
            if organisation and wanted.count(organisation.pk) == 1:
                entry.organisation = organisation
                entry.matched_by, entry.matched_at = MatchedBy.RULE, at
                matched.append(entry)
        ListEntry.objects.bulk_update(matched, ["organisation", "matched_by", "matched_at"])
        for entry in matched:
            _tell(entry, actor=None, at=at)
    return len(matched)


def match(*, entry: UUID, organisation: UUID | None, actor: Actor, at: datetime) -> ListEntry:
    """A person says which organisation the row is; None: it is none of the registry's."""
    with transaction.atomic():
        row = ListEntry.objects.select_related("programme").get(pk=entry)
        Programme.objects.select_for_update().get(pk=row.programme_id)
        row.refresh_from_db()
        if row.organisation_id == organisation and row.matched_by == MatchedBy.PERSON:
            return row
        if organisation is not None:
            found = Organisation.objects.filter(pk=organisation, kind=row.section).first()
            if found is None:
                raise ValidationError(_("There is no such organisation of this kind."))
            other = (
                ListEntry.objects.filter(programme=row.programme, organisation=found, gone_at=None)
                .exclude(pk=row.pk)
                .first()
            )
            if other is not None:
                raise ValidationError(
                    _("“%(name)s” is already row %(number)s of the list.")
                    % {"name": found.short_name, "number": other.number}
                )
        row.organisation_id = organisation
        row.matched_by, row.matched_at = MatchedBy.PERSON, at
        row.save(update_fields=["organisation", "matched_by", "matched_at"])
        _tell(row, actor=actor, at=at)
    return row


def _tell(entry: ListEntry, *, actor: Actor | None, at: datetime) -> None:
    audit(
        "programme.entry.matched",
        entry,
        actor=actor,
        at=at,
        row=entry.name,
        organisation=entry.organisation.short_name if entry.organisation else None,
    )
    publish(events.EntryMatched(entry_id=entry.pk, organisation_id=entry.organisation_id), at=at)
