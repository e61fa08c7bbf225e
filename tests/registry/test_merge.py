"""Two records of one person become one and, undone, are two again, exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    GuardianshipFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    UserFactory,
    seated,
)

from sreda.kernel.api import AuditEntry
from sreda.registry.api import (
    Enrolment,
    Guardianship,
    Person,
    Post,
    Qualification,
    Role,
    Teaching,
    User,
)
from sreda.registry.domain.merge import (
    JOURNALLED,
    merge_people,
    obstacles,
    plan_merge,
    row_values,
    undo_merge,
)
from sreda.registry.domain.posts import change_post, end_post, seal_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def everything() -> dict[str, Any]:
    """All rows a merge may touch, as values."""
    return {
        f"{model._meta.label_lower}/{row.pk}": row_values(row)
        for model in JOURNALLED
        for row in model._default_manager.all()
    }


def merge(kept: Person, merged: Person, **values: Any) -> Any:
    return merge_people(
        kept, merged, values=values, reason="one person", actor=seated(Role.OPERATOR), at=AT
    )


@pytest.fixture
def pair() -> tuple[Person, Person]:
    """Two records with posts that overlap, a class taught under both, courses and accounts."""
    school, other = OrganisationFactory(), OrganisationFactory()
    kept = PersonFactory(family_name="Лосева", external_id=None)
    merged = PersonFactory(family_name="Лосёва", external_id="A-17", phone="+7 384 200-00-00")
    own = PostFactory(person=kept, organisation=school, since=date(2018, 9, 1))
    copy = PostFactory(
        person=merged, organisation=school, since=date(2012, 9, 1), until=date(2020, 8, 31)
    )
    PostFactory(person=merged, organisation=other, role=Role.HEAD)
    group, second = ClassGroupFactory(organisation=school), ClassGroupFactory(organisation=school)
    Teaching.objects.create(post=own, group=group, subject="Физика")
    Teaching.objects.create(post=copy, group=group, subject="Физика")
    Teaching.objects.create(post=copy, group=second, subject="Физика")
    for person in (kept, merged):
        Qualification.objects.create(
            person=person, programme="ИКТ", topic="ict", hours=72, completed_on=date(2019, 5, 1)
        )
    Qualification.objects.create(
        person=merged, programme="ФГОС", topic="fgos", hours=36, completed_on=date(2021, 5, 1)
    )
    child = GuardianshipFactory(guardian=merged, since=date(2019, 1, 1)).child
    GuardianshipFactory(guardian=kept, child=child, since=date(2020, 1, 1))
    GuardianshipFactory(guardian=merged)
    UserFactory(person=kept)
    UserFactory(person=merged)
    return kept, merged


def test_everything_of_both_is_with_the_kept_one(pair: tuple[Person, Person]) -> None:
    kept, merged = pair
    merge(kept, merged, external_id="A-17", family_name="Лосёва", phone=merged.phone)
    kept.refresh_from_db()
    merged.refresh_from_db()
    assert (kept.external_id, kept.family_name) == ("A-17", "Лосёва")
    assert merged.merged_into == kept
    for model in (Post, Qualification, Enrolment):
        assert not model.objects.filter(person=merged).exists()
    assert not Guardianship.objects.filter(guardian=merged).exists()
    teacher = Post.objects.get(person=kept, role=Role.TEACHER)
    assert (teacher.since, teacher.until) == (date(2012, 9, 1), None)
    assert Teaching.objects.filter(post=teacher).count() == 2
    assert Qualification.objects.filter(person=kept).count() == 2
    assert Guardianship.objects.filter(guardian=kept).count() == 2
    assert User.objects.get(person=kept).is_active
    assert not User.objects.get(person=merged).is_active


def test_undoing_gives_back_the_same_rows(pair: tuple[Person, Person]) -> None:
    before = everything()
    done = merge(*pair, external_id="A-17")
    assert everything() != before
    undo_merge(done, actor=seated(Role.OPERATOR), at=AT)
    after = everything()
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) == {  # only the two operators who acted
        key for key in set(after) - set(before) if "person" in key or "post" in key or "user" in key
    }
    assert AuditEntry.objects.filter(action="registry.people.merge_undone").count() == 2


def test_merging_again_after_undoing_works(pair: tuple[Person, Person]) -> None:
    undo_merge(merge(*pair), actor=None, at=AT)
    again = merge(*pair)
    assert again.undone_at is None
    assert not obstacles(again)


def test_sending_a_merge_twice_merges_once(pair: tuple[Person, Person]) -> None:
    assert merge(*pair) == merge(*pair)


def test_the_plan_says_what_collides(pair: tuple[Person, Person]) -> None:
    plan = plan_merge(*pair)
    assert not plan.blockers
    text = " ".join(plan.notes)
    assert "01.09.2012" in text
    assert len(plan.notes) == 4  # post, child, course, accounts


def test_a_later_change_of_a_joined_post_forbids_undoing(pair: tuple[Person, Person]) -> None:
    done = merge(*pair)
    post = Post.objects.get(person=pair[0], role=Role.TEACHER)
    change_post(
        post,
        seen=seal_of(post),
        values={"since": date(2013, 9, 1)},
        effective_on=date(2026, 11, 20),
        actor=None,
        at=AT,
    )
    with pytest.raises(ValidationError):
        undo_merge(done, actor=None, at=AT)
    assert Person.objects.get(pk=pair[1].pk).merged_into_id == pair[0].pk


def test_a_later_end_of_a_moved_post_survives_undoing() -> None:
    kept, merged = PersonFactory(), PersonFactory()
    post = PostFactory(person=merged)
    done = merge(kept, merged)
    end_post(post, on=date(2026, 10, 31), actor=None, at=AT)
    undo_merge(done, actor=None, at=AT)
    post.refresh_from_db()
    assert (post.person, post.until) == (merged, date(2026, 10, 31))


def test_chained_merges_are_undone_from_the_last() -> None:
    one, two, three = PersonFactory(), PersonFactory(), PersonFactory()
    first = merge(two, one)
    second = merge(three, two)
    first.refresh_from_db()
    assert obstacles(first)
    undo_merge(second, actor=None, at=AT)
    first.refresh_from_db()
    undo_merge(first, actor=None, at=AT)
    assert not Person.objects.filter(merged_into__isnull=False).exists()


def test_two_merges_into_one_are_undone_in_any_order() -> None:
    kept, one, two = PersonFactory(), PersonFactory(), PersonFactory()
    PostFactory(person=one)
    first, second = merge(kept, one), merge(kept, two)
    undo_merge(first, actor=None, at=AT)
    undo_merge(second, actor=None, at=AT)
    assert Post.objects.filter(person=one).count() == 1


def test_undoing_is_refused_when_another_merge_folded_the_same_post() -> None:
    school = OrganisationFactory()
    kept, one, two = PersonFactory(), PersonFactory(), PersonFactory()
    for person, since in ((kept, 2015), (one, 2012), (two, 2010)):
        PostFactory(person=person, organisation=school, since=date(since, 9, 1))
    first = merge(kept, one)
    merge(kept, two)
    with pytest.raises(ValidationError):
        undo_merge(first, actor=None, at=AT)


def test_parent_and_child_are_not_one_person() -> None:
    tie = GuardianshipFactory()
    with pytest.raises(ValidationError):
        merge(tie.guardian, tie.child)


def test_enrolments_in_one_school_become_one() -> None:
    first = EnrolmentFactory()
    second = EnrolmentFactory(group=first.group, since=date(2025, 9, 1), until=date(2026, 9, 30))
    before = everything()
    done = merge(first.person, second.person)
    only = Enrolment.objects.get()
    assert (only.pk, only.since, only.until) == (first.pk, date(2025, 9, 1), None)
    undo_merge(done, actor=None, at=AT)
    after = everything()
    assert {key: after[key] for key in before} == before


def test_an_account_passes_to_a_record_without_one() -> None:
    kept, merged = PersonFactory(), PersonFactory()
    user = UserFactory(person=merged)
    done = merge(kept, merged)
    user.refresh_from_db()
    assert user.person == kept
    undo_merge(done, actor=None, at=AT)
    user.refresh_from_db()
    assert user.person == merged
