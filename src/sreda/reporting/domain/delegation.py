"""Parts of a report given to colleagues."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, notify
from sreda.registry.api import Post, Role, on_day
from sreda.reporting.models import Delegation, Submission

MAY_BE_ASKED = (Role.TEACHER, Role.ADMINISTRATOR, Role.HEAD)


def delegate(
    submission: Submission, section: str, person_id: UUID, *, actor: Actor, at: datetime
) -> Delegation:
    """Give a section to somebody with a post in the organisation; they are told once."""
    schema = submission.campaign.version.schema
    titles = {s.code: s.title for s in schema.sections}
    if section not in titles:
        raise ValidationError({"section": _("There is no such section.")})
    works = Post.objects.filter(
        on_day(timezone.localtime(at).date()),
        organisation_id=submission.organisation_id,
        person_id=person_id,
        role__in=MAY_BE_ASKED,
    )
    if not works.exists():
        raise ValidationError({"person": _("Choose somebody who works in the organisation.")})
    with transaction.atomic():
        given, made = Delegation.objects.get_or_create(
            submission=submission,
            section=section,
            person_id=person_id,
            defaults={"at": at, "by_name": actor.name[:300]},
        )
        if made:
            audit(
                "reporting.section.delegated", submission, actor=actor, at=at,
                section=section, person=person_id,
            )  # fmt: skip
            notify(
                {person_id},
                key=f"reporting:delegated:{given.pk}",
                subject=_("Please fill a part of a report: %s") % titles[section],
                text=_("%(report)s. Due on %(day)s.")
                % {
                    "report": submission.campaign.title,
                    "day": submission.campaign.due_on.strftime("%d.%m.%Y"),
                },
                link=reverse("reporting:report", args=[submission.pk]) + f"?section={section}",
                at=at,
            )
    return given


def revoke(delegation: Delegation, *, actor: Actor, at: datetime) -> None:
    """Take a section back; who was to fill it is told, for they may see the report no more."""
    submission = delegation.submission
    titles = {s.code: s.title for s in submission.campaign.version.schema.sections}
    with transaction.atomic():
        if delegation.person_id != actor.person_id:
            notify(
                {delegation.person_id},
                key=f"reporting:revoked:{delegation.pk}",
                subject=_("You need not fill this part of a report any more: %s")
                % titles.get(delegation.section, delegation.section),
                text=submission.campaign.title,
                link=reverse("reporting:reports"),
                at=at,
            )
        audit(
            "reporting.section.revoked", submission, actor=actor, at=at,
            section=delegation.section, person=delegation.person_id,
        )  # fmt: skip
        delegation.delete()


def done(submission: Submission, section: str, *, actor: Actor, at: datetime) -> int:
    """A colleague says that their part is ready (again: not ready)."""
    if actor.person_id is None:
        return 0
    mine = Delegation.objects.filter(
        submission=submission, section=section, person_id=actor.person_id
    )
    if mine.filter(done_at=None).exists():
        return mine.update(done_at=at)
    return mine.update(done_at=None)
