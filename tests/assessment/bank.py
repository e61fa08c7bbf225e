"""Items, tests and sittings made the way people make them, for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sreda.assessment.domain import bank, sittings
from sreda.assessment.domain import tests as test_domain
from sreda.assessment.models import Attempt, Item, Sitting, Test
from sreda.kernel.api import Actor, Seat
from sreda.registry.api import ClassGroup, Person
from tests.factories import ClassGroupFactory, EnrolmentFactory, PersonFactory

NS = 'xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"'
CORRECT = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"
CHOICES = "".join(
    f'<qti-simple-choice identifier="{code}">Ответ {code}</qti-simple-choice>' for code in "ABCD"
)


def choice_xml(identifier: str = "q", key: str = "A", most: int = 1) -> str:
    return f"""<qti-assessment-item {NS} identifier="{identifier}" title="Вопрос {identifier}"
      time-dependent="false" xml:lang="ru">
      <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">
        <qti-correct-response><qti-value>{key}</qti-value></qti-correct-response>
      </qti-response-declaration>
      <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"
        normal-maximum="1"/>
      <qti-item-body><p>Что верно?</p>
        <qti-choice-interaction response-identifier="RESPONSE" max-choices="{most}">{CHOICES}
        </qti-choice-interaction></qti-item-body>
      <qti-response-processing template="{CORRECT}"/></qti-assessment-item>"""


def essay_xml(identifier: str = "essay", most: int = 5) -> str:
    return f"""<qti-assessment-item {NS} identifier="{identifier}" title="Сочинение"
      time-dependent="false" xml:lang="ru">
      <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="string"/>
      <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"
        normal-maximum="{most}" external-scored="human"/>
      <qti-item-body><qti-extended-text-interaction response-identifier="RESPONSE"/>
      </qti-item-body></qti-assessment-item>"""


def actor_for(person: Person, role: str, at: datetime, **seat: Any) -> Actor:
    chosen = Seat(key="s", role=role, label=role, **seat)
    return Actor(
        on=at.date(), user_id=person.pk, person_id=person.pk, name=person.full_name,
        seats=(chosen,), seat=chosen,
    )  # fmt: skip


class School:
    """A class with a teacher; makes items, tests, sittings and attempts."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.group: ClassGroup = ClassGroupFactory()
        self.organisation = self.group.organisation
        place = {"organisation_id": self.organisation.pk}
        self.teacher = actor_for(PersonFactory(), "teacher", at, **place)
        self.colleague = actor_for(PersonFactory(), "teacher", at, **place)
        self.third = actor_for(PersonFactory(), "teacher", at, **place)
        self.head = actor_for(PersonFactory(), "head", at, **place)

    def item(self, content: str) -> Item:
        made = bank.add_item(
            content=content, organisation_id=self.organisation.pk, actor=self.teacher, at=self.at
        )
        bank.make_ready(made.versions.get(), actor=self.teacher, at=self.at)
        made.refresh_from_db()
        return made

    def test(self, items: list[Item], **plan: Any) -> Test:
        wanted = test_domain.Plan(
            title="Контрольная",
            sections=("Раздел",),
            places=tuple(test_domain.Place(item) for item in items),
            **plan,
        )
        content, bound = test_domain.written(wanted, "test")
        made = test_domain.add_test(
            content=content, bound=bound, organisation_id=self.organisation.pk,
            actor=self.teacher, at=self.at,
        )  # fmt: skip
        test_domain.make_ready(made.versions.get(), actor=self.teacher, at=self.at)
        made.refresh_from_db()
        return made

    def sitting(self, test: Test, **values: Any) -> Sitting:
        assert test.current is not None
        made = sittings.plan_sitting(
            version=test.current,
            values={
                "title": "Контрольная в классе",
                "opens_at": self.at,
                "closes_at": self.at + timedelta(hours=2),
            }
            | values,
            groups=[self.group],
            organisation_id=self.organisation.pk,
            actor=self.teacher,
            at=self.at,
        )
        return sittings.announce(made, actor=self.teacher, at=self.at)

    def learner(self) -> Actor:
        person = EnrolmentFactory(group=self.group).person
        return actor_for(person, "pupil", self.at, organisation_id=self.organisation.pk)


def answer(attempt: Attempt, ref: str, value: str, at: datetime, **fields: Any) -> None:
    """An answer as a device sends it: form fields of the item."""
    from uuid import uuid4

    from django.db import connection

    from sreda.assessment.hot import INSERT, Message, arguments

    sent = {"fields": fields or {"RESPONSE": [value]}}
    import json

    message = Message(uuid4(), attempt.pk, ref, json.dumps(sent), at, at, 1000)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, arguments([message]))
