"""Surveys of people: planned and changed, opened, answered once a person, closed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, notify, uuid7
from sreda.reporting.access import SURVEYS, seat_home
from sreda.reporting.domain.campaigns import (
    close_campaign,
    only_one,
    open_campaign,
    plan_campaign,
)
from sreda.reporting.enums import CampaignStatus, FormKind
from sreda.reporting.forms import CellType, Field
from sreda.reporting.models import Answer, Campaign, FormVersion, Participation
from sreda.reporting.queries.asked import not_answered
from sreda.reporting.queries.surveys import questions_of
from sreda.reporting.queries.typed import as_json, parse
from sreda.ui.numbers import day

PARTS = ("roles", "kinds", "municipalities", "organisations")
CHANGED = ("version_id", "title", "opens_on", "due_on", "anonymous", "audience")
BATCH = 2_000


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
    _require_plain(version)
    with transaction.atomic():
        made = plan_campaign(
            version,
            title=title,
            period_start=opens_on,
            period_end=max(due_on, opens_on),
            as_of=opens_on,
            opens_on=opens_on,
            due_on=due_on,
            audience=_parts(audience),
            anonymous=anonymous,
            actor=actor,
            at=at,
            key=key,
        )
        return _open_if_due(made, actor=actor, at=at)


def _require_plain(version: FormVersion) -> None:
    if version.form.kind != FormKind.SURVEY:
        raise ValidationError({"version": _("This is no form of a survey.")})
    for cell in version.schema.cells.values():
        if cell.listed or cell.field.type is CellType.FILE or cell.field.relevant:
            raise ValidationError(
                {"version": _("A survey cannot ask lists, files or under conditions: %s")
                 % cell.title}
            )  # fmt: skip


def _parts(audience: Mapping[str, Any]) -> dict[str, Any]:
    return {part: list(audience[part]) for part in PARTS if audience.get(part)}


def _open_if_due(survey: Campaign, *, actor: Actor | None, at: datetime) -> Campaign:
    today = actor.on if actor else timezone.localtime(at).date()
    return open_campaign(survey, actor=actor, at=at) if survey.opens_on <= today else survey


def change_survey(
    survey: Campaign,
    *,
    edition: int,
    said: Mapping[str, Any],
    actor: Actor,
    at: datetime,
) -> Campaign:
    """Of a planned survey anything (keys of `said` as the words of `open_survey`); where its day
    has come by that, it opens. Of an open one the last day alone: what people were promised and
    asked stays. ValidationError: closed, or changed by somebody else since `edition`.
    """
    with only_one():
        current = (
            Campaign.objects.select_for_update(of=("self",))
            .select_related("version__form")
            .get(pk=survey.pk)
        )
        if current.status == CampaignStatus.CLOSED:
            raise ValidationError(_("The survey is closed."))
        if current.edition != edition:
            raise ValidationError(
                _("Somebody else has changed the survey meanwhile: look at it anew.")
            )
        before = {name: getattr(current, name) for name in CHANGED}
        if current.status == CampaignStatus.PLANNED:
            current.version = said["version"]
            _require_plain(current.version)
            current.title = said["title"].strip() or current.version.form.title
            current.opens_on = current.as_of = current.period_start = said["opens_on"]
            current.anonymous = said["anonymous"]
            current.audience = _parts(said["audience"])
        elif said["due_on"] < actor.on:
            raise ValidationError({"due_on": _("This day has passed: close the survey instead.")})
        current.due_on = said["due_on"]
        if current.due_on < current.opens_on:
            raise ValidationError({"due_on": _("The term is before the opening.")})
        current.period_end = current.due_on
        changes = {
            name: [str(was), str(getattr(current, name))]
            for name, was in before.items()
            if was != getattr(current, name)
        }
        if not changes:
            return current
        current.edition += 1
        current.save()
        audit("reporting.survey.changed", current, actor=actor, at=at, changes=changes)
        if current.status == CampaignStatus.PLANNED:
            current = _open_if_due(current, actor=actor, at=at)
    return current


def tell_asked(
    survey: Campaign, *, on: date, at: datetime, text: str = "", opening: bool = False
) -> int:
    """Notices to everybody who is asked and has not answered: once at the opening, and at most
    once a day later. Returns how many people were told; who they are is said to nobody."""
    if opening:
        key, subject = f"survey:opened:{survey.pk}", _("A survey asks you: %s")
    else:
        key, subject = f"survey:reminder:{survey.pk}:{on}", _("A survey waits for your answer: %s")
    told = 0
    people = not_answered(survey, on).values_list("pk", flat=True).iterator(chunk_size=BATCH)
    while batch := list(islice(people, BATCH)):
        told += notify(
            batch,
            key=key,
            subject=subject % survey.title,
            text=text.strip() or _("Answers are taken until %s.") % day(survey.due_on),
            link=reverse("reporting:survey", args=[survey.pk]),
            at=at,
        )
    return told


def ask_again(survey: Campaign, *, text: str, actor: Actor, at: datetime) -> int:
    """Keep in the audit log that people are reminded (see `tell_asked`, which a job does); how
    many they are."""
    if survey.status != CampaignStatus.OPEN:
        raise ValidationError(_("The survey is not open."))
    waiting = not_answered(survey, actor.on).count()
    audit("reporting.survey.reminded", survey, actor=actor, at=at, people=waiting, text=text[:500])
    return waiting


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
