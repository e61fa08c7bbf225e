"""What learners and their parents are told of tests: an occasion once to each, child by child."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from sreda.assessment.access import left_to_experts
from sreda.assessment.models import Attempt, ItemResult, Sitting
from sreda.kernel.api import Notice, in_seat, notify_each
from sreda.registry.api import Guardianship, Post, Role, on_day
from sreda.ui.numbers import moment

Address = Callable[[UUID], str]


def tell_announced(sitting: Sitting, learners: Iterable[UUID], *, at: datetime) -> None:
    """Who was told of the test already is not told again: those given it later are."""
    with override(settings.LANGUAGE_CODE):  # notices are kept in the site's language
        _tell(
            learners,
            key=f"sitting:{sitting.pk}",
            subject=_("A test is waiting for you: %(title)s") % {"title": sitting.title},
            parents=_("Your child is given a test: %(title)s") % {"title": sitting.title},
            text=_term(sitting),
            link=_sitting(sitting),
            of_child=_children,
            at=at,
        )


def tell_moved(sitting: Sitting, learners: Iterable[UUID], *, at: datetime) -> None:
    with override(settings.LANGUAGE_CODE):
        subject = _("The time of a test has changed: %(title)s") % {"title": sitting.title}
        _tell(
            learners,
            key=f"moved:{sitting.pk}:{sitting.edition}",
            subject=subject,
            text=_term(sitting),
            link=_sitting(sitting),
            of_child=_children,
            at=at,
        )


def tell_released(sitting: Sitting, *, at: datetime) -> None:
    with override(settings.LANGUAGE_CODE):
        subject = _("Marks are published: %(title)s") % {"title": sitting.title}
        _tell(
            *_last_attempts(sitting),
            key=f"marks:{sitting.pk}:{sitting.edition}",
            subject=subject,
            link=_sitting(sitting),
            at=at,
        )


def tell_withheld(sitting: Sitting, *, at: datetime) -> None:
    with override(settings.LANGUAGE_CODE):
        subject = _("Marks are being checked again: %(title)s") % {"title": sitting.title}
        _tell(
            *_last_attempts(sitting),
            key=f"withheld:{sitting.pk}:{sitting.edition}",
            subject=subject,
            text=_("They are not shown meanwhile. You will be told when they are published anew."),
            link=_sitting(sitting),
            at=at,
        )


def tell_marked(attempt: Attempt, *, at: datetime) -> None:
    """Marks that are seen without being published: of one test parents are told once, learners
    of every attempt that a person has marked after it was handed in."""
    sitting = attempt.sitting
    with override(settings.LANGUAGE_CODE):
        subject = _("A test is marked: %(title)s") % {"title": sitting.title}
        by_hand = attempt.marked_at != attempt.closed_at
        _tell(
            [attempt.person_id],
            key=f"marked:{attempt.pk}",
            key_of_child=f"marked:{sitting.pk}",
            subject=subject if by_hand else "",
            parents=subject,
            link=_result(attempt.pk),
            at=at,
        )


def tell_changed(attempt: Attempt, *, at: datetime) -> None:
    """A mark that was known already is another one now."""
    with override(settings.LANGUAGE_CODE):
        subject = _("A mark has changed: %(title)s") % {"title": attempt.sitting.title}
        _tell(
            [attempt.person_id],
            key=f"changed:{attempt.pk}:{at.isoformat()}",
            subject=subject,
            link=_result(attempt.pk),
            at=at,
        )


def tell_decided(appeal: UUID, attempt: Attempt, *, at: datetime) -> None:
    with override(settings.LANGUAGE_CODE):
        title = {"title": attempt.sitting.title}
        _tell(
            [attempt.person_id],
            key=f"appeal:{appeal}",
            subject=_("Your appeal is decided: %(title)s") % title,
            parents=_("An appeal is decided: %(title)s") % title,
            link=_result(attempt.pk),
            at=at,
        )


def tell_left_over(result: ItemResult, *, at: datetime) -> None:
    """Experts, where nobody of the organisation is left to mark it; operators, where there is no
    expert. Of one test once."""
    on, sitting = timezone.localdate(at), result.attempt.sitting
    if not ItemResult.objects.filter(left_to_experts(on), pk=result.pk).exists():
        return
    posts = Post.objects.filter(on_day(on), role__in=(Role.EXPERT, Role.OPERATOR))
    held: dict[str, list[Post]] = {}
    for post in posts:
        held.setdefault(post.role, []).append(post)
    expert = Role.EXPERT in held
    link = reverse("assessment:queue") if expert else _watch(sitting)
    with override(settings.LANGUAGE_CODE):
        text = (
            _("The markers of the organisation differ, or are parents, and nobody else is left.")
            if expert
            else _("Nobody of the organisation is left to mark. There is no expert: appoint one.")
        )  # fmt: skip
        notify_each(
            Notice(
                addressee=post.person_id,
                key=f"left:{sitting.pk}:{post.role}",
                subject=_("Answers wait for an expert's mark: %(title)s")
                % {"title": sitting.title},
                text=text,
                link=in_seat(link, f"post:{post.pk}"),
                made_at=at,
            )
            for post in held.get(Role.EXPERT if expert else Role.OPERATOR, ())
        )


def _tell(
    learners: Iterable[UUID],
    of_child: Address | None = None,
    *,
    key: str,
    subject: str,
    link: str,
    at: datetime,
    text: str = "",
    parents: str = "",
    key_of_child: str = "",
) -> None:
    """Learners by `subject` (empty: they know), whoever is their parent today by `parents` (else
    alike), with the name of the child; `of_child` is where a parent reads of one, if elsewhere."""
    people = list(learners)
    notices = [
        Notice(addressee=person, key=key, subject=subject, text=text, link=link, made_at=at)
        for person in people
        if subject
    ]
    ties = Guardianship.objects.filter(on_day(timezone.localdate(at)), child__in=people)
    for tie in ties.select_related("child"):
        child = tie.child
        notices.append(
            Notice(
                addressee=tie.guardian_id,
                key=f"{key_of_child or key}:{child.pk}",
                subject=f"{parents or subject} ({child.given_name} {child.family_name})",
                text=text,
                link=in_seat(of_child(child.pk) if of_child else link, f"ward:{child.pk}"),
                made_at=at,
            )
        )
    notify_each(notices)


def _last_attempts(sitting: Sitting) -> tuple[list[UUID], Address]:
    """Whose work is marked, and where the result of each stands."""
    rows = sitting.all_attempts.exclude(marked_at=None).order_by("number")
    last = dict(rows.values_list("person_id", "pk"))
    return list(last), lambda child: _result(last[child])


def _term(sitting: Sitting) -> str:
    return _("from %(opens)s to %(closes)s") % {
        "opens": moment(sitting.opens_at),
        "closes": moment(sitting.closes_at),
    }


def _children(_child: UUID) -> str:
    return reverse("assessment:children")


def _sitting(sitting: Sitting) -> str:
    return reverse("assessment:sitting", args=[sitting.pk])


def _watch(sitting: Sitting) -> str:
    return reverse("assessment:watch", args=[sitting.pk])


def _result(attempt: UUID) -> str:
    return reverse("assessment:result", args=[attempt])
