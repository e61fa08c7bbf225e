"""A demonstration: shipped items, a test of them, and in a school and a college a finished sitting
and one that waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import uuid4

from sreda.assessment.domain import attempts, bank, marking, sittings, tests, versions
from sreda.assessment.models import Answer, Attempt, Item, Sitting, Tag, Test
from sreda.kernel.api import Actor, Seat
from sreda.registry.api import ClassGroup, Enrolment, Person, Role, on_day

SHIPPED = Path(__file__).resolve().parent.parent / "shipped"
ORDER = ("password", "personal-data", "units", "binary", "devices", "explain")
TAKEN, TAKEN_IN_COLLEGE = 20, 4

# What made-up learners answer: fields of each item, the right ones first.
ANSWERS: dict[str, list[dict[str, list[str]]]] = {
    "password": [{"RESPONSE": [c]} for c in "CADB"],
    "personal-data": [{"RESPONSE": list(c)} for c in ("AC", "A", "ACD", "BC")],
    "units": [
        {f"RESPONSE:{c}": [str(n)] for n, c in enumerate(order, 1)} for order in ("BKMG", "KBMG")
    ],
    "binary": [{"RESPONSE": [t]} for t in ("13", "11", "26", "1101")],
    "devices": [
        {"RESPONSE": ["K IN", "M IN", "P OUT", "S OUT"]},
        {"RESPONSE": ["K IN", "M OUT", "P OUT", "S OUT"]},
        {"RESPONSE": ["K IN", "S OUT"]},
    ],
    "explain": [
        {"RESPONSE": ["В нём может быть вирус. Надо спросить учителя и удалить письмо."]},
        {"RESPONSE": ["Не знаю, кто это прислал."]},
        {"RESPONSE": ["Это программа, она может украсть пароли. Удалить."]},
    ],
}


def load_items(*, actor: Actor, at: datetime) -> list[Item]:
    """The shipped items, as the region's own and open to all; those already there stay."""
    tag, _made = Tag.objects.get_or_create(
        scheme="subject", code="informatics", defaults={"title": "Информатика"}
    )
    found = []
    for name in ORDER:
        item = Item.objects.filter(organisation=None, identifier=name).first()
        if item is None:
            content = (SHIPPED / f"{name}.xml").read_text(encoding="utf-8")
            item = bank.add_item(
                content=content, organisation_id=None, actor=actor, at=at, tags=[tag]
            )
            bank.make_ready(item.versions.get(), actor=actor, at=at)
            versions.share(item, True, actor=actor, at=at)
        found.append(Item.objects.get(pk=item.pk))
    return found


def record_demo_assessment(
    *,
    operator: Actor,
    teacher: Person,
    pupil: Person,
    lecturer: Person,
    student: Person,
    at: datetime,
) -> None:
    """In the pupil's class and the student's group a finished sitting, with works to be marked,
    and one that is open. The student's mark of the finished one is known; the pupil missed it."""
    items = load_items(actor=operator, at=at)
    plan = tests.Plan(
        title="Цифровая грамотность: входная проверка",
        sections=("Безопасность и данные", "Устройства и числа"),
        places=tuple(
            tests.Place(item, section=0 if item.identifier in {"password", "personal-data",
                                                               "explain"} else 1)
            for item in items
        ),
        allow_review=True,
    )  # fmt: skip
    content, bound = tests.written(plan, "digital-literacy")
    test = Test.objects.filter(organisation=None, identifier="digital-literacy").first()
    if test is None:
        test = tests.add_test(
            content=content, bound=bound, organisation_id=None, actor=operator, at=at
        )
        tests.make_ready(test.versions.get(), actor=operator, at=at)
        Test.objects.filter(pk=test.pk).update(shared=True)
        test.refresh_from_db()
    for person, tutor, moderated in ((pupil, teacher, True), (student, lecturer, False)):
        group = _class_of(person, at)
        owner = _teacher(tutor, group, at)
        opened, closed = at - timedelta(days=10), at - timedelta(days=3)
        done = _given(test, group, owner, opened, closed, at, moderated=moderated)
        mates = _mates(group, person, at)
        if moderated:
            takers = mates[: TAKEN - 1]
        else:  # the second: of those the essay is marked
            takers = [mates[0], person, *mates[1 : TAKEN_IN_COLLEGE - 1]]
        _take(done, takers, owner, at=at - timedelta(days=9))
        sittings.close(done, actor=owner, at=at)
        _given(test, group, owner, at - timedelta(hours=1), at + timedelta(days=14), at)


def _mates(group: ClassGroup, person: Person, at: datetime) -> list[Person]:
    placed = Enrolment.objects.filter(on_day(at.date()), group=group).exclude(person=person)
    rows = placed.order_by("person_id").select_related("person")[:TAKEN]
    return [one.person for one in rows]


def _class_of(pupil: Person, at: datetime) -> ClassGroup:
    place = Enrolment.objects.filter(on_day(at.date()), person=pupil, group__isnull=False).first()
    assert place is not None  # the generator made it
    assert place.group is not None
    return place.group


def _teacher(person: Person, group: ClassGroup, at: datetime) -> Actor:
    seat = Seat("demo", Role.TEACHER, "", organisation_id=group.organisation_id)
    return Actor(at.date(), None, person.pk, person.full_name, (seat,), seat)


def _given(
    test: Test,
    group: ClassGroup,
    owner: Actor,
    opens: datetime,
    closes: datetime,
    at: datetime,
    *,
    moderated: bool = False,
) -> Sitting:
    """Announced as it opens."""
    assert test.current is not None
    announced = min(opens, at)
    made = sittings.plan_sitting(
        version=test.current,
        values={
            "title": test.title,
            "opens_at": opens,
            "closes_at": closes,
            "minutes": 40,
            "attempts": 2,
            "moderated": moderated,
            "appeals_until": max(closes, at) + timedelta(days=7),
        },
        groups=[group],
        organisation_id=group.organisation_id,
        actor=owner,
        at=announced,
    )
    return sittings.announce(made, actor=owner, at=announced)


def _take(sitting: Sitting, people: list[Person], owner: Actor, *, at: datetime) -> None:
    """They take it: the abler the later in the list; every second essay is marked."""
    random = Random(2018)  # noqa: S311 - the same demonstration everywhere
    for number, person in enumerate(people):
        seat = Seat("demo", Role.PUPIL, "", organisation_id=sitting.organisation_id)
        learner = Actor(at.date(), None, person.pk, person.full_name, (seat,), seat)
        begun = at + timedelta(minutes=number)
        attempt = attempts.begin(sitting, actor=learner, at=begun)
        able = (number + 1) / (len(people) + 1)
        _answer(attempt, random, able, begun)
        attempts.hand_in(attempt, actor=learner, at=begun + timedelta(minutes=30))
        if number % 2:
            for result in attempt.results.filter(marking="waiting"):
                points = Decimal(round(able * 3 * 2)) / 2
                marking.give_mark(result, score=points, actor=owner, at=begun)


def _answer(attempt: Attempt, random: Random, able: float, begun: datetime) -> None:
    refs = attempt.sitting.version.items.select_related("item_version__item")
    for number, place in enumerate(refs, 1):
        options = ANSWERS[place.item_version.item.identifier]
        if random.random() < 0.04:
            continue
        wrong = options[1:]
        chosen = options[0] if random.random() < 0.25 + 0.7 * able else random.choice(wrong)
        moment = begun + timedelta(minutes=4 * number)
        Answer.objects.create(
            id=uuid4(),
            attempt=attempt,
            ref=place.ref,
            values={"fields": chosen},
            at=moment,
            received_at=moment,
            milliseconds=random.randrange(20_000, 240_000),
        )
