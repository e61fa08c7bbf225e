"""The database itself keeps what learners were given and what they sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from sreda.assessment.models import Answer, Attempt, Item, ItemVersion, Sitting, Test, TestVersion
from tests.factories import OrganisationFactory, PersonFactory

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def version(**values: object) -> ItemVersion:
    item = Item.objects.create(identifier="i1", title="One", made_at=AT)
    return ItemVersion.objects.create(
        item=item, number=1, content="<a/>", sha256="0" * 64, made_at=AT, status="ready", **values
    )


def test_a_version_nobody_was_given_may_change() -> None:
    made = version()
    made.content = "<b/>"
    made.save()
    made.delete()


@pytest.mark.parametrize("change", [{"content": "<b/>"}, {"sha256": "1" * 64}, {"used_at": None}])
def test_a_given_version_does_not_change(change: dict[str, object]) -> None:
    made = version(used_at=AT)
    with pytest.raises(IntegrityError, match="given does not change"), transaction.atomic():
        ItemVersion.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(IntegrityError, match="given does not change"), transaction.atomic():
        made.delete()
    ItemVersion.objects.filter(pk=made.pk).update(status="retired")


def test_answers_are_only_added() -> None:
    test = Test.objects.create(identifier="t1", title="Test", made_at=AT)
    sitting = Sitting.objects.create(
        version=TestVersion.objects.create(
            test=test, number=1, content="<t/>", sha256="0" * 64, made_at=AT, status="ready"
        ),
        title="Sitting",
        organisation=OrganisationFactory(),
        opens_at=AT,
        closes_at=AT + timedelta(hours=1),
        made_at=AT,
    )
    attempt = Attempt.objects.create(
        sitting=sitting,
        person=PersonFactory(),
        number=1,
        seed=1,
        started_at=AT,
        ends_at=AT + timedelta(hours=1),
    )
    answer = Answer.objects.create(
        id=uuid4(), attempt=attempt, ref="i1", values={}, at=AT, received_at=AT
    )
    with pytest.raises(IntegrityError, match="arrived does not change"), transaction.atomic():
        Answer.objects.filter(pk=answer.pk).update(values={"RESPONSE": "A"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(
            sitting=sitting,
            person=attempt.person,
            number=2,
            seed=1,
            started_at=AT,
            ends_at=AT + timedelta(hours=1),
        )
