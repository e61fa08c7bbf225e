"""Giving, changing and ending posts; enrolling learners and letting them go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, publish, remember, state_of, uuid7
from sreda.registry import events
from sreda.registry.domain import changes
from sreda.registry.domain.changes import Stale
from sreda.registry.domain.people import present
from sreda.registry.enums import Role
from sreda.registry.models import Enrolment, Organisation, Person, Post

FIELDS = (
    "role",
    "organisation",
    "municipality",
    "title",
    "acting",
    "category",
    "higher_education",
    "ict_competent",
    "since",
    "until",
)
ENROLMENT_FIELDS = ("organisation", "group", "role", "since", "until")
REGIONAL = frozenset({Role.OPERATOR, Role.EXPERT})


def overlapping(since: date, until: date | None) -> Q:
    """Terms that share a day with this one."""
    ends_later = Q(until__isnull=True) | Q(until__gte=since)
    return ends_later if until is None else ends_later & Q(since__lte=until)


def describe(post: Post) -> str:
    """A post in words: role, title, place and term."""
    title = str(post.get_role_display())
    if post.title:
        said = title.casefold() in post.title.casefold()
        title = post.title if said else f"{title}, {post.title}"
    place = post.organisation or post.municipality
    return ", ".join(
        part
        for part in (title, str(place) if place else "", changes.term(post.since, post.until))
        if part
    )


def _in_term(organisation: Organisation | None, since: date, until: date | None) -> None:
    if organisation is None:
        return
    if since < organisation.since:
        raise ValidationError(
            {
                "since": _("The organisation began its work on %(day)s.")
                % {"day": changes.day(organisation.since)}
            }
        )
    closed = organisation.until
    if closed is not None and (until is None or until > closed):
        field = "since" if since > closed else "until"
        raise ValidationError(
            {
                field: _("The organisation was closed on %(day)s; end by that day.")
                % {"day": changes.day(closed)}
            }
        )


def _checked(post: Post) -> None:
    if post.until and post.until < post.since:
        raise ValidationError({"until": _("The last day is before the first.")})
    if post.role == Role.COORDINATOR:
        if post.municipality_id is None:
            raise ValidationError({"municipality": _("Name the municipality.")})
    elif post.municipality_id is not None:
        raise ValidationError(
            {"municipality": _("Only a municipal coordinator has a municipality.")}
        )
    if post.organisation_id is None and post.role not in REGIONAL | {Role.COORDINATOR}:
        raise ValidationError({"organisation": _("Name the organisation.")})
    _in_term(post.organisation, post.since, post.until)
    others = Post.objects.filter(
        overlapping(post.since, post.until), person_id=post.person_id, role=post.role
    ).exclude(pk=post.pk)
    if post.organisation_id:
        others = others.filter(organisation_id=post.organisation_id)
    elif post.municipality_id:
        others = others.filter(organisation__isnull=True, municipality_id=post.municipality_id)
    else:
        others = others.filter(organisation__isnull=True, municipality__isnull=True)
    other = others.select_related("organisation", "municipality").first()
    if other is not None:
        raise ValidationError(
            {
                "since": _("These days overlap with a post the person holds already: %(post)s.")
                % {"post": describe(other)}
            }
        )


def _explain(post: Post) -> Any:
    def explain(error: IntegrityError) -> ValidationError:
        """The other post came in between: the check now sees it and says which."""
        try:
            _checked(post)
        except ValidationError as found:
            return found
        return changes.first_error(error, {})

    return explain


def give_post(
    person: Person,
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
    reason: str = "",
) -> Post:
    """A post for the person. `key` is its id: the same key twice makes it once."""
    with transaction.atomic():
        if (made := changes.made_before(Post, key)) is not None:
            return made
        post = Post(pk=key or uuid7(), person=present(person), **values)
        post.full_clean(exclude=["id"], validate_constraints=False)
        _checked(post)
        saved = changes.insert(post, explain=_explain(post))
        if saved is not post:
            return saved
        state = state_of(post, FIELDS)
        remember(
            post,
            before=None,
            after=state,
            since=post.since,
            effective_on=post.since,
            at=at,
            actor=actor,
            reason=reason,
        )
        audit(
            "registry.post.given",
            post,
            actor=actor,
            at=at,
            person=post.person_id,
            reason=reason,
            state=state,
        )
        publish(
            events.PostGiven(
                post_id=post.pk,
                person_id=post.person_id,
                role=post.role,
                organisation_id=post.organisation_id,
                municipality_id=post.municipality_id,
                since=post.since,
                until=post.until,
            ),
            at=at,
        )
    return post


def change_post(
    post: Post,
    *,
    seen: str,
    values: Mapping[str, Any],
    effective_on: date,
    actor: Actor | None,
    at: datetime,
    reason: str = "",
) -> Post:
    """Change a post. `seen` is `seal_of` the post as the form showed it; else Stale."""
    with transaction.atomic():
        present(post.person)
        current = Post.objects.select_for_update(of=("self",)).get(pk=post.pk)
        wanted = any(getattr(current, name) != value for name, value in values.items())
        if seal_of(current) != seen and wanted:
            raise Stale(current)
        changed = changes.amend(
            current,
            values,
            fields=FIELDS,
            effective_on=effective_on,
            since=current.since,
            at=at,
            actor=actor,
            reason=reason,
            check=_checked,
            explain=_explain(current),
        )
        if changed:
            audit(
                "registry.post.changed",
                current,
                actor=actor,
                at=at,
                person=current.person_id,
                effective_on=effective_on,
                reason=reason,
                changes=changes.plain(changed),
            )
            publish(
                events.PostChanged(
                    post_id=current.pk,
                    person_id=current.person_id,
                    organisation_id=current.organisation_id,
                    fields=tuple(changed),
                ),
                at=at,
            )
    return current


def seal_of(thing: Post | Enrolment) -> str:
    fields = FIELDS if isinstance(thing, Post) else ENROLMENT_FIELDS
    return changes.seal(state_of(thing, fields))


def end_post(post: Post, *, on: date, actor: Actor | None, at: datetime, reason: str = "") -> Post:
    """`on` is the last day the post is held. Ending it on that day again changes nothing."""
    with transaction.atomic():
        current = (
            Post.objects.select_for_update(of=("self",))
            .select_related("organisation", "person")
            .get(pk=post.pk)
        )
        if current.until == on:
            return current
        changes.end_term(current, FIELDS, on, actor=actor, at=at, reason=reason)
        audit(
            "registry.post.ended",
            current,
            actor=actor,
            at=at,
            person=current.person_id,
            until=on,
            reason=reason,
        )
        publish(
            events.PostEnded(
                post_id=current.pk,
                person_id=current.person_id,
                organisation_id=current.organisation_id,
                until=on,
            ),
            at=at,
        )
    return current


def _checked_enrolment(enrolment: Enrolment) -> None:
    if enrolment.until and enrolment.until < enrolment.since:
        raise ValidationError({"until": _("The last day is before the first.")})
    if enrolment.group and enrolment.group.organisation_id != enrolment.organisation_id:
        raise ValidationError({"group": _("This class belongs to another organisation.")})
    _in_term(enrolment.organisation, enrolment.since, enrolment.until)
    other = (
        Enrolment.objects.filter(
            overlapping(enrolment.since, enrolment.until),
            person_id=enrolment.person_id,
            organisation_id=enrolment.organisation_id,
        )
        .exclude(pk=enrolment.pk)
        .first()
    )
    if other is not None:
        raise ValidationError(
            {
                "since": _("The person already learns here %(term)s.")
                % {"term": changes.term(other.since, other.until)}
            }
        )


def enrol(
    person: Person,
    *,
    values: Mapping[str, Any],
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
    reason: str = "",
) -> Enrolment:
    """A learner's place in an organisation. `key` is its id: twice the same makes it once."""
    with transaction.atomic():
        if (made := changes.made_before(Enrolment, key)) is not None:
            return made
        enrolment = Enrolment(pk=key or uuid7(), person=present(person), **values)
        enrolment.full_clean(exclude=["id"], validate_constraints=False)
        _checked_enrolment(enrolment)

        def explain(error: IntegrityError) -> ValidationError:
            try:
                _checked_enrolment(enrolment)
            except ValidationError as found:
                return found
            return changes.first_error(error, {})

        saved = changes.insert(enrolment, explain=explain)
        if saved is not enrolment:
            return saved
        state = state_of(enrolment, ENROLMENT_FIELDS)
        remember(
            enrolment,
            before=None,
            after=state,
            since=enrolment.since,
            effective_on=enrolment.since,
            at=at,
            actor=actor,
            reason=reason,
        )
        audit(
            "registry.enrolment.opened",
            enrolment,
            actor=actor,
            at=at,
            person=enrolment.person_id,
            state=state,
        )
        publish(
            events.LearnerEnrolled(
                enrolment_id=enrolment.pk,
                person_id=enrolment.person_id,
                organisation_id=enrolment.organisation_id,
                group_id=enrolment.group_id,
                since=enrolment.since,
            ),
            at=at,
        )
    return enrolment


def end_enrolment(
    enrolment: Enrolment, *, on: date, actor: Actor | None, at: datetime, reason: str = ""
) -> Enrolment:
    """`on` is the last day of learning here."""
    with transaction.atomic():
        current = Enrolment.objects.select_for_update(of=("self",)).get(pk=enrolment.pk)
        if current.until == on:
            return current
        changes.end_term(current, ENROLMENT_FIELDS, on, actor=actor, at=at, reason=reason)
        audit(
            "registry.enrolment.ended",
            current,
            actor=actor,
            at=at,
            person=current.person_id,
            until=on,
            reason=reason,
        )
        publish(
            events.EnrolmentEnded(
                enrolment_id=current.pk,
                person_id=current.person_id,
                organisation_id=current.organisation_id,
                until=on,
            ),
            at=at,
        )
    return current
