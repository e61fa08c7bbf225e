"""A table of finished courses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from sreda.kernel.api import Actor
from sreda.kernel.tables import Column
from sreda.registry.access import PEOPLE
from sreda.registry.domain import people_named, records
from sreda.registry.domain.qualifications import FIELDS, NOUN, add_qualification, check_course
from sreda.registry.domain.table_import import Cells, Fault, Judged, Table, day_of, twice
from sreda.registry.enums import Topic
from sreda.registry.models import Qualification

COLUMNS = (
    *people_named.columns(),
    Column(
        "programme",
        gettext_lazy("Programme of the course"),
        required=True,
        aliases=("программа", "название программы", "курс"),
    ),
    Column("topic", gettext_lazy("Topic"), required=True, aliases=("тема", "направление")),
    Column("hours", gettext_lazy("Hours"), required=True, aliases=("часы", "часов", "объём")),
    Column(
        "completed_on",
        gettext_lazy("Completed on"),
        required=True,
        aliases=("дата окончания", "окончен", "завершён"),
    ),
    Column("document", gettext_lazy("Document"), aliases=("документ", "номер документа")),
)

LENGTHS = {"programme": 300, "document": 100}


def _topics() -> dict[str, str]:
    found = {topic.value: topic.value for topic in Topic}
    for language in ("ru", "en"):
        with override(language):
            found |= {str(topic.label).lower(): topic.value for topic in Topic}
    return found


def _judge(rows: Iterable[tuple[int, Cells]], actor: Actor, at: datetime) -> Iterator[Judged]:
    rows = list(rows)
    named = people_named.Named((cells for _line, cells in rows), PEOPLE.all(actor, "qualify"))
    topics = _topics()
    judged = []
    for line, cells in rows:
        item = Judged(line, cells)
        person = named.found(cells, item.faults)
        item.people = {"person": person}
        item.values = _read(cells, topics, item.faults)
        item.name = person.full_name if person else cells.get("family_name", "")
        item.place = item.values.get("programme", "")
        judged.append(item)
    _compare(judged, at)
    yield from judged


def _read(cells: Cells, topics: dict[str, str], faults: list[Fault]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key in FIELDS:
        if key not in cells:
            continue
        text, wrong, value = cells[key], "", cells[key]
        found: Any = value
        if not text and key != "document":
            wrong = _("The cell is empty.")
        elif key == "topic":
            found = topics.get(text.lower())
            if found is None:
                with override("ru"):
                    known = ", ".join(str(topic.label).lower() for topic in Topic)
                wrong = _("There is no such topic: %(known)s.") % {"known": known}
        elif key == "hours":
            found = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
            wrong = _("Write a whole number of hours.") if found is None else ""
        elif key == "completed_on":
            found = day_of(text)
            if found is None:
                wrong = _("This is not a day: write 31.12.2015 or 2015-12-31.")
        elif len(text) > LENGTHS[key]:
            wrong = _("The text is too long.")
        if wrong:
            faults.append([key, text, wrong])
        else:
            values[key] = found
    return values


def _compare(judged: list[Judged], at: datetime) -> None:
    """With the courses recorded already: one person, one topic, one day is one course."""
    people = {item.people["person"].pk for item in judged if not item.faults}
    kept = {
        (course.person_id, course.topic, course.completed_on): course
        for course in Qualification.objects.filter(person__in=people).select_related("person")
    }
    seen: dict[Any, int] = {}
    for item in judged:
        if item.faults:
            continue
        person = item.people["person"]
        key = (person.pk, item.values["topic"], item.values["completed_on"])
        twice(item, seen, key, "completed_on")
        try:
            check_course(Qualification(person=person, **item.values), at)
        except ValidationError as error:
            item.faults += [
                [name, item.cells.get(name, ""), " ".join(texts)]
                for name, texts in error.message_dict.items()
            ]
        item.thing = kept.get(key)
        item.compare()


def _write(item: Judged, actor: Actor, at: datetime, reason: str) -> None:
    if item.thing is None:
        add_qualification(
            item.people["person"], values=item.values, actor=actor, at=at, reason=reason
        )
        return
    records.correct_unseen(NOUN, item.thing, values=item.values, actor=actor, at=at, reason=reason)


QUALIFICATIONS_TABLE = Table(
    name="qualifications",
    columns=COLUMNS,
    access=PEOPLE,
    action="qualify",
    judge=_judge,
    write=_write,
)
