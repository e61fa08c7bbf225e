"""Finding organisations by what people type, and the figures the public sees beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection
from django.db.models import (
    Case,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable

from sreda.kernel.permissions import Actor
from sreda.registry.access import ORGANISATIONS
from sreda.registry.enums import Role
from sreda.registry.models import Facilities, Organisation, Post
from sreda.registry.models.periods import on_day
from sreda.registry.queries import words

# What an entry's words weigh, D to A: address, kind, place, name.
WEIGHTS = [0.1, 0.2, 0.5, 1.0]
FAST_LINK = 100

_INTERPRET = """
SELECT t.reading, t.place, numnode(whole.q) = 0,
       EXISTS (SELECT 1 FROM registry_directoryentry e WHERE e.words @@ whole.q),
       EXISTS (SELECT 1 FROM registry_directoryentry e WHERE e.words @@ part.q),
       ARRAY (SELECT w.word FROM registry_directoryword w
               WHERE t.word !~ '[0-9]'
                 AND NOT EXISTS (SELECT 1 FROM registry_directoryentry e WHERE e.words @@ whole.q)
                 AND (w.word %% t.word  -- in a short word one slip spoils most trigrams
                      OR length(t.word) <= 7 AND left(w.word, 1) = left(t.word, 1)
                         AND abs(length(w.word) - length(t.word)) <= 1)
               ORDER BY similarity(w.word, t.word) DESC, w.word LIMIT 40)
  FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[]) AS t(reading, place, word, forms),
       to_tsquery('russian', t.forms) AS whole(q),
       to_tsquery('russian', t.word || ':*') AS part(q)
"""
_STILL_THERE = """
SELECT word FROM unnest(%s::text[]) AS word
 WHERE EXISTS (SELECT 1 FROM registry_directoryentry
                WHERE words @@ plainto_tsquery('russian', word))
"""


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a search: how it was typed and what it was taken for."""

    typed: str
    taken: tuple[str, ...]
    known: bool
    whole: bool = True

    @property
    def corrected(self) -> bool:
        return self.known and self.typed not in self.taken


@dataclass(frozen=True, slots=True)
class Search:
    """A text understood: the words looked for, those corrected and those nowhere in the region."""

    text: str
    terms: tuple[Term, ...] = ()
    reread: bool = False
    code: str = ""

    @property
    def unknown(self) -> list[str]:
        return [term.typed for term in self.terms if not term.known]

    @property
    def understood(self) -> str:
        """The text as it was taken, when that differs from what was typed; else empty."""
        if not self.reread and not any(term.corrected for term in self.terms):
            return ""
        return " ".join(term.taken[0] if term.known else term.typed for term in self.terms)

    @property
    def numbers(self) -> list[int]:
        return [int(t.typed) for t in self.terms if t.typed.isdigit() and len(t.typed) < 10]

    def _one(self, term: Term) -> str:
        others = [word for other in self.terms if other is not term for word in other.taken]
        forms = [words.lexemes(w, whole=term.whole, others=others) for w in term.taken]
        return f"({' | '.join(forms)})"

    @property
    def all_words(self) -> str:
        """The tsquery of entries that have every word; empty when there can be none."""
        if not self.terms or self.unknown:
            return self.code
        every = " & ".join(map(self._one, self.terms))
        return f"({every}) | {self.code}" if self.code else every

    @property
    def each_word(self) -> list[str]:
        return [self._one(term) for term in self.terms if term.known]


def understand(text: str, *, unfinished: bool = False) -> Search:
    """Read a text against the words of the region. `unfinished`: its last word is still being
    typed. Two queries at most."""
    read = words.readings(text)
    if not any(read):
        return Search(text)
    squeezed = "".join(c for c in text.lower() if c.isalnum())
    code = f"code{squeezed}" if squeezed.isascii() and any(c.isdigit() for c in squeezed) else ""
    found = _looked_up(read)
    best: tuple[int, int] | None = None
    chosen: tuple[Term, ...] = ()
    chosen_reading = 0
    for reading, typed in enumerate(read):
        terms: list[Term] = []
        slips = 0
        for place, word in enumerate(typed):
            empty, whole, part, near = found[reading, place]
            if empty:
                continue
            last = unfinished and place == len(typed) - 1 and text[-1:].isalnum()
            if whole or (part and (last or len(word) > 3)):
                prefix = not word.isdigit() and (last or not whole)
                terms.append(Term(word, (word,), True, whole=not prefix))
                continue
            closest = [
                (words.distance(word, candidate), candidate)
                for candidate in near
                if candidate[0] == word[0] or len(word) > 4
            ]
            least = min((d for d, _word in closest), default=99)
            if least <= words.tolerated(word):
                slips += least
                taken = tuple(candidate for d, candidate in closest if d == least)[:4]
                terms.append(Term(word, taken, True))
            else:
                slips += 10
                terms.append(Term(word, (word,), False))
        if terms and (best is None or (slips, reading) < best):
            best, chosen, chosen_reading = (slips, reading), tuple(terms), reading
    return Search(text, chosen, reread=chosen_reading > 0, code=code)


_Found = dict[tuple[int, int], tuple[bool, bool, bool, list[str]]]


def _looked_up(read: Sequence[Sequence[str]]) -> _Found:
    """For each word of each reading: empty? known whole? as a beginning? and words like it."""
    listed = [(r, p, w) for r, reading in enumerate(read) for p, w in enumerate(reading)]
    with connection.cursor() as cursor:
        cursor.execute(
            _INTERPRET,
            [
                [r for r, _p, _w in listed],
                [p for _r, p, _w in listed],
                [w for _r, _p, w in listed],
                [words.lexemes(w, others=[o for o in read[r] if o != w]) for r, _p, w in listed],
            ],
        )
        found: _Found = {(r, p): (e, w, b, near) for r, p, e, w, b, near in cursor.fetchall()}
        offered = sorted({word for *_rest, near in found.values() for word in near})
        if offered:
            cursor.execute(_STILL_THERE, [offered])
            there = {word for (word,) in cursor.fetchall()}
            found = {
                key: (e, w, b, [word for word in near if word in there])
                for key, (e, w, b, near) in found.items()
            }
    return found


def _query(expression: str) -> SearchQuery:
    return SearchQuery(expression, config="russian", search_type="raw")


def _by_relevance(
    rows: QuerySet[Organisation], search: Search, rank: Combinable
) -> QuerySet[Organisation]:
    order = ["-relevance", "directory__number", "directory__title", "code"]
    rows = rows.annotate(relevance=rank)
    if search.numbers:  # an organisation of this very number before a house of it
        own_number = Case(
            When(directory__number__in=search.numbers, then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        return rows.order_by(own_number, *order)
    return rows.order_by(*order)


def find(rows: QuerySet[Organisation], search: Search) -> QuerySet[Organisation]:
    """Organisations that have all the words, the most fitting first."""
    if not search.all_words:
        return rows.none()
    query = _query(search.all_words)
    return _by_relevance(
        rows.filter(directory__words=query),
        search,
        SearchRank(F("directory__words"), query, weights=Value(WEIGHTS)),
    )


def near(rows: QuerySet[Organisation], search: Search) -> QuerySet[Organisation]:
    """Organisations that have some of the words, those with the most of them first."""
    parts = [_query(part) for part in search.each_word]
    if not parts:
        return rows.none()
    met: Combinable = Value(0)
    some = Q()
    for part in parts:
        met = met + Case(
            When(directory__words=part, then=Value(1)),
            default=Value(0),
            output_field=IntegerField(),
        )
        some |= Q(directory__words=part)
    whole = _query(" | ".join(search.each_word))
    return (
        rows.filter(some)
        .annotate(
            met=met, relevance=SearchRank(F("directory__words"), whole, weights=Value(WEIGHTS))
        )
        .order_by("-met", "-relevance", "directory__title", "directory__number", "code")
    )


def listed(actor: Actor) -> QuerySet[Organisation]:
    """The organisations at work on the actor's day, with what a line of the directory shows:
    `link_mbps` and `computers_teaching` are of the last facilities known."""
    latest = Facilities.objects.filter(organisation=OuterRef("pk"), as_of__lte=actor.on).order_by(
        "-as_of"
    )
    return (
        ORGANISATIONS.all(actor)
        .filter(on_day(actor.on))
        .select_related("municipality", "size", "site_check")
        .annotate(
            link_mbps=Subquery(latest.values("link_mbps")[:1]),
            computers_teaching=Subquery(latest.values("computers_teaching")[:1]),
        )
    )


def suggestions(actor: Actor, text: str, limit: int = 8) -> list[Organisation]:
    """The first organisations for a text still being typed."""
    search = understand(text, unfinished=True)
    rows = ORGANISATIONS.all(actor).filter(on_day(actor.on)).select_related("municipality")
    return list(find(rows, search)[:limit])


def head_of(organisation_id: UUID, on: date) -> Post | None:
    """Who heads the organisation on a day; an acting head only where there is no other."""
    return (
        Post.objects.filter(on_day(on), organisation_id=organisation_id, role=Role.HEAD)
        .select_related("person")
        .order_by("acting", "-since")
        .first()
    )


def per_learner(computers: int | None, learners: int | None) -> Decimal | None:
    """Computers in teaching for one learner, to two decimals: column 10 of the order's list."""
    if computers is None or not learners:
        return None
    return (Decimal(computers) / learners).quantize(Decimal("0.01"), ROUND_HALF_UP)


def learners_per_computer(computers: int | None, learners: int | None) -> Decimal | None:
    if not computers or not learners:
        return None
    return (Decimal(learners) / computers).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class DataVersion:
    """Changes whenever anything in the directory does."""

    key: str
    at: datetime | None


def data_version() -> DataVersion:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(id), 0), max(at) FROM registry_directorychange"
        )
        count, latest, at = cursor.fetchone()
    return DataVersion(f"{latest}-{count}", at)


_FIGURES = """
SELECT m.code, m.name, m.kind,
       count(o.id), count(*) FILTER (WHERE o.kind = 'school'),
       count(*) FILTER (WHERE o.kind = 'college'),
       count(*) FILTER (WHERE o.kind IN ('school', 'college') AND o.rural),
       coalesce(sum(s.learners) FILTER (WHERE o.kind = 'school'), 0),
       coalesce(sum(s.learners) FILTER (WHERE o.kind = 'college'), 0),
       coalesce(sum(s.teachers), 0),
       count(f.link_mbps), count(*) FILTER (WHERE f.link_mbps >= %(fast)s),
       coalesce(sum(f.computers_teaching), 0),
       count(f.organisation_id),
       count(*) FILTER (WHERE f.local_network), count(*) FILTER (WHERE f.computer_classes),
       min(f.as_of), max(f.as_of), min(s.counted_at)
  FROM registry_municipality m
  LEFT JOIN registry_organisation o
         ON o.municipality_id = m.id AND o.kind IN ('school', 'college')
        AND o.since <= %(on)s AND (o.until IS NULL OR o.until >= %(on)s)
  LEFT JOIN registry_organisationsize s ON s.organisation_id = o.id
  LEFT JOIN LATERAL (SELECT * FROM registry_facilities f
                      WHERE f.organisation_id = o.id AND f.as_of <= %(on)s
                      ORDER BY f.as_of DESC LIMIT 1) f ON true
 GROUP BY m.id ORDER BY m.name
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Schools and colleges of one place, counted; of the whole region as the sum of places."""

    organisations: int = 0
    schools: int = 0
    colleges: int = 0
    rural: int = 0
    pupils: int = 0
    students: int = 0
    teachers: int = 0
    links_known: int = 0
    links_fast: int = 0
    computers: int = 0
    facilities_known: int = 0
    local_networks: int = 0
    computer_classes: int = 0

    @property
    def learners(self) -> int:
        return self.pupils + self.students

    @property
    def fast_share(self) -> Decimal | None:
        return _share(self.links_fast, self.links_known)

    @property
    def learners_per_computer(self) -> Decimal | None:
        return learners_per_computer(self.computers, self.learners)

    @property
    def computers_per_learner(self) -> Decimal | None:
        return per_learner(self.computers, self.learners)


def _share(part: int, whole: int) -> Decimal | None:
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Place:
    code: str
    name: str
    kind: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class RegionFigures:
    places: tuple[Place, ...]
    total: Figures
    facilities_from: date | None
    facilities_to: date | None
    counted_at: datetime | None


def region_figures(on: date) -> RegionFigures:
    """The region's figures by municipality on a day, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"on": on, "fast": FAST_LINK})
        rows = cursor.fetchall()
    places = tuple(
        Place(code, name, kind, Figures(*counts[:13])) for code, name, kind, *counts in rows
    )
    sums = [sum(row[i] for row in rows) for i in range(3, 16)]
    return RegionFigures(
        places,
        Figures(*sums),
        min((row[16] for row in rows if row[16]), default=None),
        max((row[17] for row in rows if row[17]), default=None),
        min((row[18] for row in rows if row[18]), default=None),
    )


__all__ = [
    "DataVersion",
    "Figures",
    "Place",
    "RegionFigures",
    "Search",
    "Term",
    "data_version",
    "find",
    "head_of",
    "learners_per_computer",
    "listed",
    "near",
    "per_learner",
    "region_figures",
    "suggestions",
    "understand",
]
