"""The database itself keeps what learners were given and what they sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from sreda.assessment.models import Answer, Attempt, Item, ItemVersion
from tests.assessment.sittings import open_attempt

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
    attempt = open_attempt(AT)
    answer = Answer.objects.create(
        id=uuid4(), attempt=attempt, ref="i1", values={}, at=AT, received_at=AT
    )
    with pytest.raises(IntegrityError, match="arrived does not change"), transaction.atomic():
        Answer.objects.filter(pk=answer.pk).update(values={"RESPONSE": "A"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(
            sitting=attempt.sitting,
            person=attempt.person,
            number=2,
            seed=1,
            started_at=AT,
            ends_at=AT + timedelta(hours=1),
        )
