"""Whoever has answered under one record answers no survey again under the one it is merged into."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from sreda.registry.api import Role
from sreda.reporting.domain.surveys import give_answer, open_survey
from sreda.reporting.models import Answer, Campaign, Delegation, Participation, Submission
from tests.factories import OrganisationFactory, PersonFactory, PostFactory, actor_for, seated
from tests.merging import merged, undone
from tests.reporting.forms import QUESTIONS
from tests.reporting.world import AT, opened, published

pytestmark = pytest.mark.django_db
GOOD = {"q.ease": "yes", "q.mark": "4", "q.uses": "diary", "q.hours": "2,5", "q.wish": "Ещё"}


def survey(*, anonymous: bool = False) -> Campaign:
    on = AT.date()
    return open_survey(
        published(QUESTIONS, code="poll", kind="survey"), title="Опрос", opens_on=on,
        due_on=on + timedelta(days=7), audience={}, anonymous=anonymous, actor=None, at=AT,
    )  # fmt: skip


def whose(model: type[Participation] | type[Answer]) -> set[object]:
    return set(model.objects.values_list("person", flat=True))


@pytest.mark.parametrize("anonymous", [False, True])
def test_one_survey_is_not_answered_twice(anonymous: bool) -> None:
    of = survey(anonymous=anonymous)
    first, second = (PostFactory(role=Role.TEACHER).person for _n in range(2))
    give_answer(of, GOOD, actor=actor_for(first), at=AT)
    merge = merged(second, first)
    with pytest.raises(ValidationError, match="уже"):
        give_answer(of, GOOD, actor=actor_for(second), at=AT)
    assert whose(Participation) == {second.pk}
    assert whose(Answer) == ({None} if anonymous else {second.pk})
    undone(merge)
    assert whose(Participation) == {first.pk}
    assert whose(Answer) == ({None} if anonymous else {first.pk})
    assert not Participation.objects.exclude(written_as=None).exists()


def test_answers_that_both_gave_stay_with_their_records() -> None:
    of = survey()
    first, second = (PostFactory(role=Role.TEACHER).person for _n in range(2))
    for person in (first, second):
        give_answer(of, GOOD, actor=actor_for(person), at=AT)
    merge = merged(second, first)
    assert whose(Participation) == whose(Answer) == {first.pk, second.pk}
    undone(merge)
    assert whose(Participation) == whose(Answer) == {first.pk, second.pk}


def test_a_part_of_a_report_follows_link_by_link() -> None:
    seated(Role.HEAD, organisation=OrganisationFactory())
    opened()
    part = Delegation.objects.create(
        submission=Submission.objects.first(), section="a", person=PersonFactory(), at=AT
    )
    first, second, third = part.person, PersonFactory(), PersonFactory()
    one = merged(second, first)
    two = merged(third, second)

    def now() -> object:
        part.refresh_from_db()
        return part.person_id

    assert now() == third.pk
    undone(two)
    assert now() == second.pk
    undone(one)
    assert now() == first.pk
    assert part.written_as_id is None
