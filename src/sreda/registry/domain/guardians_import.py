"""A table of parents and guardians of learners. Who is not in the registry yet is entered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from sreda.kernel.api import Actor
from sreda.kernel.tables import Column
from sreda.registry.access import PEOPLE
from sreda.registry.domain import changes, people_named, records
from sreda.registry.domain.guardianships import NOUN, add_guardian, check_tie
from sreda.registry.domain.people import add_person
from sreda.registry.domain.people_rows import SEXES
from sreda.registry.domain.table_import import Cells, Fault, Judged, Table, day_of, twice
from sreda.registry.enums import GuardianKind
from sreda.registry.models import Guardianship, Person

CHILD = "child_"
_OF_CHILD = {
    "external_id": gettext_lazy("Child: number in the source system"),
    "family_name": gettext_lazy("Child: family name"),
    "given_name": gettext_lazy("Child: given name"),
    "patronymic": gettext_lazy("Child: patronymic"),
    "birth_date": gettext_lazy("Child: date of birth"),
}
COLUMNS = (
    *people_named.columns(CHILD, "ребёнка", _OF_CHILD),
    Column(
        "kind",
        gettext_lazy("Who to the child"),
        required=True,
        aliases=("кем приходится", "кто", "родство"),
    ),
    *people_named.columns(),
    Column("sex", gettext_lazy("Sex"), aliases=("пол",)),
    Column("phone", gettext_lazy("Telephone"), aliases=("телефон",)),
    Column("email", gettext_lazy("E-mail"), aliases=("электронная почта", "почта")),
    Column("since", gettext_lazy("Since"), required=True, aliases=("с", "дата начала")),
    Column("until", gettext_lazy("Until"), aliases=("по", "дата окончания")),
)
KINDS = {
    "мать": "mother", "мама": "mother", "отец": "father", "папа": "father",
    "опекун": "guardian", "попечитель": "guardian", "законный представитель": "guardian",
    "приёмный родитель": "guardian",
} | {str(kind): str(kind) for kind in GuardianKind}  # fmt: skip
PERSON = ("family_name", "given_name", "patronymic", "birth_date", "sex", "phone", "email")
WHO = pgettext_lazy("person", "Parent or guardian")


def _judge(rows: Iterable[tuple[int, Cells]], actor: Actor, at: datetime) -> Iterator[Judged]:
    rows = list(rows)
    cells_of = [cells for _line, cells in rows]
    children = people_named.Named(cells_of, _allowed(actor, "guard"), CHILD)
    guardians = people_named.Named(cells_of, _allowed(actor, "guardian"))
    judged = []
    for line, cells in rows:
        item = Judged(line, cells)
        item.people = {"child": children.found(cells, item.faults)}
        item.values = _read(cells, item.faults)
        judged.append(item)
    ties: dict[UUID, list[Guardianship]] = {}
    known = {item.people["child"].pk for item in judged if item.people["child"]}
    for tie in Guardianship.objects.filter(child__in=known).select_related("guardian", "child"):
        ties.setdefault(tie.child_id, []).append(tie)
    entered: dict[Any, Person] = {}
    seen: dict[Any, int] = {}
    for item in judged:
        child = item.people["child"]
        item.name = child.full_name if child else item.cells.get("child_family_name", "")
        item.place = " ".join(filter(None, (item.cells.get(k, "") for k in people_named.NAMES)))
        _find(item, guardians, ties.get(child.pk, []) if child else [], entered)
        if not item.faults:
            _compare(item, seen)
    yield from judged


def _allowed(actor: Actor, action: str) -> QuerySet[Person]:
    return PEOPLE.all(actor, action)


def _read(cells: Cells, faults: list[Fault]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    kind = KINDS.get(cells.get("kind", "").lower())
    if kind is None:
        faults.append(["kind", cells.get("kind", ""), _("Write “мать”, “отец” or “опекун”.")])
    values["kind"] = kind
    for key in ("since", "until"):
        text = cells.get(key, "")
        if key not in cells:
            continue
        values[key] = day_of(text)
        if values[key] is None and (text or key == "since"):
            words = (
                _("This is not a day: write 31.12.2015 or 2015-12-31.")
                if text
                else _("The cell is empty.")
            )
            faults.append([key, text, words])
    if SEXES.get(cells.get("sex", "").lower()) is None:
        faults.append(["sex", cells["sex"], _("Write “ж” or “м”.")])
    return values


def _find(
    item: Judged,
    named: people_named.Named,
    ties: list[Guardianship],
    entered: dict[Any, Person],
) -> None:
    """The guardian: by the number, among those of the child by name, among one's people by name
    and date of birth; else somebody to be entered, once in the whole table."""
    cells, faults = item.cells, item.faults
    number = named.said(cells, "external_id")
    person: Person | None
    if number and number in named.taken:
        person = named.found(cells, faults)
    else:
        for key in ("family_name", "given_name"):
            if not cells.get(key):
                faults.append([key, "", _("The cell is empty.")])
        born = named.born(cells, faults)
        person = None if faults else _by_name(item, named, ties, born)
        if person is None and not faults:
            person = _new(item, born, entered)
    item.people["guardian"] = person
    item.thing = next(
        (tie for tie in ties if person is not None and tie.guardian_id == person.pk), None
    )


def _by_name(
    item: Judged, named: people_named.Named, ties: list[Guardianship], born: date | None
) -> Person | None:
    if named.said(item.cells, "external_id"):
        return None
    candidates = named.candidates(item.cells, born)
    of_child = {tie.guardian_id for tie in ties}
    mine = [person for person in candidates if person.pk in of_child]
    found = mine or [person for person in candidates if born and person.birth_date == born]
    if len(found) > 1:
        item.faults.append(["family_name", item.cells["family_name"],
                            _("Several people have this name: give the number.")])  # fmt: skip
    return found[0] if len(found) == 1 else None


def _new(item: Judged, born: date | None, entered: dict[Any, Person]) -> Person | None:
    values: dict[str, Any] = {key: item.cells.get(key, "") for key in PERSON}
    values |= {"birth_date": born, "sex": SEXES.get(values["sex"].lower(), "")}
    number = item.cells.get("external_id", "")
    draft = Person(external_id=number or None, **values)
    try:
        draft.clean_fields(exclude=["id", "merged_into"])
    except ValidationError as error:
        item.faults += [
            [key, item.cells.get(key, ""), " ".join(texts)]
            for key, texts in error.message_dict.items()
        ]
        return None
    # A mother of two children in the table is one person, if there is anything to know her by.
    apart: Any = number or tuple(str(values[key]).upper() for key in PERSON)
    if not number and not (born or values["phone"] or values["email"]):
        apart = draft.pk
    item.differing = {"person": ("", _("a new record"))}
    return entered.setdefault(apart, draft)


def _compare(item: Judged, seen: dict[Any, int]) -> None:
    child, guardian = item.people["child"], item.people["guardian"]
    twice(item, seen, (child.pk, guardian.pk), "family_name")
    tie = copy(item.thing) or Guardianship(guardian=guardian, child=child)
    changes.assign(tie, item.values)
    try:
        check_tie(tie)
    except ValidationError as error:
        found = error.message_dict if hasattr(error, "error_dict") else {"kind": error.messages}
        item.faults += [
            [key, item.cells.get(key, ""), " ".join(texts)] for key, texts in found.items()
        ]
    item.compare()


def _write(item: Judged, actor: Actor, at: datetime, reason: str) -> None:
    if item.thing is not None:
        records.correct_unseen(
            NOUN, item.thing, values=item.values, actor=actor, at=at, reason=reason
        )
        return
    guardian = item.people["guardian"]
    if guardian._state.adding:  # made by an earlier row of this table, it is found by its key
        guardian = add_person(
            values={key: getattr(guardian, key) for key in (*PERSON, "external_id")},
            key=guardian.pk,
            actor=actor,
            at=at,
            reason=reason,
        )
    add_guardian(
        guardian, item.people["child"], values=item.values, actor=actor, at=at, reason=reason
    )


GUARDIANS_TABLE = Table(
    name="guardians",
    columns=COLUMNS,
    access=PEOPLE,
    action="guard",
    judge=_judge,
    write=_write,
)
