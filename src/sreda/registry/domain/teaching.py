"""Writing who teaches what in a class, and whose care the class is in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel.api import Actor
from sreda.registry import events
from sreda.registry.domain import records
from sreda.registry.domain.posts import overlapping
from sreda.registry.enums import Role
from sreda.registry.models import ClassGroup, Post, Teaching

FIELDS = ("subject", "homeroom")


def year_of(group: ClassGroup) -> tuple[date, date]:
    """First and last day of the class's school year."""
    return date(group.school_year, 8, 1), date(group.school_year + 1, 7, 31)


def posts_for(group: ClassGroup) -> QuerySet[Post]:
    """Posts of teachers of the class's organisation that fall into its school year."""
    return (
        Post.objects.filter(
            overlapping(*year_of(group)),
            organisation_id=group.organisation_id,
            role=Role.TEACHER,
        )
        .select_related("person")
        .order_by("person__family_name", "person__given_name", "person__patronymic", "since")
    )


def _checked(row: Teaching, at: datetime) -> None:
    if not row.subject and not row.homeroom:
        raise ValidationError(
            {"subject": _("Name the subject, or mark the teacher as the class teacher.")}
        )
    if not posts_for(row.group).filter(pk=row.post_id).exists():
        raise ValidationError(
            {"post": _("Nobody teaches here in this school year by such a post.")}
        )
    others = Teaching.objects.filter(group=row.group_id).exclude(pk=row.pk)
    if others.filter(post=row.post_id, subject__iexact=row.subject).exists():
        raise ValidationError({"subject": _ONCE})
    if row.homeroom:
        tutors = others.filter(homeroom=True).select_related("post__person")
        tutor = tutors.first()
        if tutor is not None:
            raise ValidationError(
                {
                    "homeroom": _("%(name)s is the class teacher now. Take that mark away first.")
                    % {"name": tutor.post.person.full_name}
                }
            )


_ONCE = gettext_lazy("This teacher has this in the class already.")
NOUN = records.Noun(
    name="teaching",
    model=Teaching,
    fields=FIELDS,
    lock=lambda row: ClassGroup.objects.select_for_update().get(pk=row.group_id),
    check=_checked,
    began=lambda row: max(row.post.since, year_of(row.group)[0]),
    about=lambda row: {"post": row.post_id, "group": row.group_id},
    recorded=lambda row: events.TeachingRecorded(
        teaching_id=row.pk, post_id=row.post_id, group_id=row.group_id
    ),
    known={"teaching_once": ("subject", _ONCE)},
)


def add_teaching(
    group: ClassGroup,
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
) -> Teaching:
    """From now on the teacher sees the learners of the class."""
    return records.enter(NOUN, Teaching(group=group, **values), key=key, actor=actor, at=at)


def remove_teaching(row: Teaching, *, reason: str, actor: Actor | None, at: datetime) -> None:
    records.remove(
        NOUN,
        row,
        removed=events.TeachingRemoved(
            teaching_id=row.pk, post_id=row.post_id, group_id=row.group_id
        ),
        reason=reason,
        actor=actor,
        at=at,
    )
