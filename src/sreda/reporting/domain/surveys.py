"""Surveys of people: opened, answered once a person, closed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, uuid7
from sreda.reporting.access import SURVEYS, seat_home
from sreda.reporting.domain.campaigns import close_campaign, open_campaign, plan_campaign
from sreda.reporting.enums import CampaignStatus, FormKind
from sreda.reporting.forms import CellType, Field
from sreda.reporting.models import Answer, Campaign, FormVersion, Participation
from sreda.reporting.queries.surveys import questions_of
from sreda.reporting.queries.typed import as_json, parse

PARTS = ("roles", "kinds", "municipalities", "organisations")


def open_survey(
    version: FormVersion,
    *,
    title: str,
    opens_on: date,
    due_on: date,
    audience: Mapping[str, Any],
    anonymous: bool,
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
) -> Campaign:
    """A survey from its first day on: open where that has come, else it opens by itself.

    `audience` has the parts roles, kinds, municipalities, organisations; an empty one narrows
    nothing. ValidationError: no survey form, or one with lists, files or conditions.
    """
    if version.form.kind != FormKind.SURVEY:
        raise ValidationError({"version": _("This is no form of a survey.")})
    for cell in version.schema.cells.values():
        if cell.listed or cell.field.type is CellType.FILE or cell.field.relevant:
            raise ValidationError(
                {"version": _("A survey cannot ask lists, files or under conditions: %s")
                 % cell.title}
            )  # fmt: skip
    with transaction.atomic():
        made = plan_campaign(
            version,
            title=title,
            period_start=opens_on,
            period_end=max(due_on, opens_on),
            as_of=opens_on,
            opens_on=opens_on,
            due_on=due_on,
            audience={part: list(audience[part]) for part in PARTS if audience.get(part)},
            anonymous=anonymous,
            actor=actor,
            at=at,
            key=key,
        )
        today = actor.on if actor else timezone.localtime(at).date()
        return open_campaign(made, actor=actor, at=at) if opens_on <= today else made


def give_answer(
    campaign: Campaign,
    said: Mapping[str, str],
    *,
    actor: Actor,
    at: datetime,
    key: UUID | None = None,
) -> None:
    """One person's answers: texts by key, as typed. Sent again under the same `key`, it changes
    nothing; under another it is refused.

    ValidationError names each question that is wrong. In an anonymous survey nothing that is
    written leads from the answers to the person: no audit entry, no time, random keys.
    """
    kept = _checked(campaign.version, said)
    person = actor.person_id
    if person is None:
        raise ValidationError(_("The survey is closed."))
    with transaction.atomic():
        current = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        done = Participation.objects.filter(campaign=current, person_id=person).first()
        if done is not None:
            if key is not None and done.pk == key:
                return
            raise ValidationError(_("You have answered this survey already."))
        if not SURVEYS.may(actor, "answer", current):
            raise ValidationError(_("The survey is closed."))
        organisation, municipality, kind = seat_home(actor)
        secret = current.anonymous
        Participation.objects.create(
            pk=key or uuid4(), campaign=current, person_id=person, on=actor.on
        )
        answer = Answer.objects.create(
            pk=uuid4() if secret else uuid7(),
            campaign=current,
            person_id=None if secret else person,
            organisation_id=None if secret else organisation,
            municipality_id=municipality,
            kind=kind,
            role=actor.role,
            values=kept,
            at=None if secret else at,
        )
        if not secret:
            audit("reporting.survey.answered", answer, actor=actor, at=at, survey=current.title)


def _checked(version: FormVersion, said: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for question in questions_of(version):
        field: Field = question.cell.field
        try:
            content = parse(field, said.get(question.key, ""), question.options)
        except ValidationError as error:
            errors[question.key] = error.messages
            continue
        value = as_json(field.type, content.number, content.text)
        if value is None:
            if field.required:
                errors[question.key] = [_("Please answer this question.")]
            continue
        kept[question.key] = value.split("\n") if field.type is CellType.CHOICES else value
    if errors:
        raise ValidationError(errors)
    if not kept:
        raise ValidationError(_("Nothing is answered yet."))
    return kept


def close_survey(campaign: Campaign, *, actor: Actor | None, at: datetime) -> Campaign:
    """No more answers. Anonymous ones are written anew in a random order and under new keys, so
    that neither their place in the table nor the number of their transaction tells of whom."""
    with transaction.atomic():
        current = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if current.status == CampaignStatus.CLOSED:
            return current
        closed = close_campaign(current, actor=actor, at=at)
        if closed.anonymous:
            rows = list(Answer.objects.filter(campaign=closed))
            Answer.objects.filter(campaign=closed).delete()
            random.SystemRandom().shuffle(rows)
            for row in rows:
                row.pk = uuid4()
            Answer.objects.bulk_create(rows, batch_size=500)
    return closed
