"""Campaigns: planned, opened for everybody they ask, reminded, closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, notify, publish, uuid7
from sreda.registry.api import Organisation, Post, Role, administrators_of, on_day
from sreda.reporting.domain.prefill import FILLABLE
from sreda.reporting.enums import CampaignStatus, FormKind, VersionStatus
from sreda.reporting.events import CampaignClosed, CampaignOpened
from sreda.reporting.models import Campaign, Consolidation, FormVersion, Submission
from sreda.ui.numbers import day

NOT_SENT = FILLABLE


def plan_campaign(
    version: FormVersion,
    *,
    title: str,
    period_start: date,
    period_end: date,
    as_of: date,
    opens_on: date,
    due_on: date,
    municipal_due_on: date | None = None,
    audience: dict[str, Any] | None = None,
    anonymous: bool = False,
    actor: Actor | None,
    at: datetime,
    key: UUID | None = None,
) -> Campaign:
    """A campaign to come. `key` is its id: the same key twice makes it once."""
    if key is not None and (known := Campaign.objects.filter(pk=key).first()):
        return known
    if version.status != VersionStatus.PUBLISHED:
        raise ValidationError({"version": _("Publish the form first.")})
    if period_end < period_start:
        raise ValidationError({"period_end": _("The last day is before the first.")})
    if due_on < opens_on:
        raise ValidationError({"due_on": _("The term is before the opening.")})
    campaign = Campaign(
        pk=key or uuid7(),
        version=version,
        title=title.strip() or version.form.title,
        period_start=period_start,
        period_end=period_end,
        as_of=as_of,
        opens_on=opens_on,
        due_on=due_on,
        municipal_due_on=municipal_due_on,
        audience=version.form.audience if audience is None else audience,
        anonymous=anonymous,
        made_at=at,
        made_by_name=actor.name[:300] if actor else "",
    )
    with only_one():
        campaign.save(force_insert=True)
        audit("reporting.campaign.planned", campaign, actor=actor, at=at, title=campaign.title)
    return campaign


def cancel_campaign(campaign: Campaign, *, actor: Actor, at: datetime) -> None:
    """Take back a campaign that has not opened: nobody was asked, nothing is left of it but the
    entry in the audit log. Asked again, it changes nothing."""
    with transaction.atomic():
        current = Campaign.objects.select_for_update().filter(pk=campaign.pk).first()
        if current is None:
            return
        if current.status != CampaignStatus.PLANNED:
            raise ValidationError(_("It has opened already: it can only be closed."))
        kind = "survey" if current.version.form.kind == FormKind.SURVEY else "campaign"
        audit(f"reporting.{kind}.cancelled", current, actor=actor, at=at, title=current.title)
        current.delete()


@contextmanager
def only_one() -> Iterator[None]:
    """A transaction that ends with a ValidationError where there is such a campaign already."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise ValidationError(
            {"title": _("There is already such a campaign of this form for this period.")}
        ) from error


def audience_of(campaign: Campaign) -> QuerySet[Organisation]:
    """The organisations a campaign asks: of its kinds, places and list, at work on its day."""
    said = campaign.audience
    rows = Organisation.objects.filter(on_day(campaign.as_of))
    if kinds := said.get("kinds"):
        rows = rows.filter(kind__in=kinds)
    if "rural" in said:
        rows = rows.filter(rural=bool(said["rural"]))
    places, named = said.get("municipalities"), said.get("organisations")
    if places and named:
        rows = rows.filter(Q(municipality__in=places) | Q(pk__in=named))
    elif places:
        rows = rows.filter(municipality__in=places)
    elif named:
        rows = rows.filter(pk__in=named)
    return rows


def open_campaign(campaign: Campaign, *, actor: Actor | None, at: datetime) -> Campaign:
    """Make a report for each organisation asked, and tell them. Opened twice, it is opened once;
    the reports are filled by a job behind it (see tasks)."""
    with transaction.atomic():
        current = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if current.status != CampaignStatus.PLANNED:
            return current
        asked = list(audience_of(current).values_list("pk", "municipality_id"))
        if not asked and current.version.form.kind == FormKind.REPORT:
            raise ValidationError(_("The campaign asks nobody: change who fills it."))
        current.status, current.opened_at = CampaignStatus.OPEN, at
        current.edition += 1
        current.save()
        if current.version.form.kind == FormKind.REPORT:
            add_reports(current, asked)
        audit("reporting.campaign.opened", current, actor=actor, at=at, reports=len(asked))
        publish(CampaignOpened(campaign_id=current.pk, form=current.version.form.code), at=at)
    return current


def add_reports(campaign: Campaign, asked: Iterable[tuple[UUID, UUID]]) -> None:
    asked = list(asked)
    Submission.objects.bulk_create(
        [
            Submission(campaign=campaign, organisation_id=organisation, municipality_id=place)
            for organisation, place in asked
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    Consolidation.objects.bulk_create(
        [
            Consolidation(campaign=campaign, municipality_id=place)
            for place in sorted({place for _organisation, place in asked})
        ],
        ignore_conflicts=True,
    )


def tell_of_opening(campaign: Campaign, *, at: datetime, on: date) -> int:
    """Notices to heads and administrators of everybody asked."""
    return _tell(
        Submission.objects.filter(campaign=campaign),
        key=f"reporting:opened:{campaign.pk}",
        subject=_("A report is to be filled: %s") % campaign.title,
        text=_("It is already filled with what the region knows. Due on %s.")
        % day(campaign.due_on),
        at=at,
        on=on,
    )


def remind(
    campaign: Campaign,
    *,
    at: datetime,
    on: date,
    actor: Actor | None,
    municipality_id: UUID | None = None,
    text: str = "",
) -> int:
    """Remind everybody who has not handed in, at most once a day; returns how many people."""
    if campaign.status != CampaignStatus.OPEN:
        raise ValidationError(_("The campaign is not open."))
    rows = Submission.objects.filter(campaign=campaign, status__in=NOT_SENT)
    if municipality_id is not None:
        rows = rows.filter(municipality_id=municipality_id)
    late = on > campaign.due_on
    with transaction.atomic():
        told = _tell(
            rows,
            key=f"reporting:reminder:{campaign.pk}:{on.isoformat()}",
            subject=(_("The report is late: %s") if late else _("A report is not handed in: %s"))
            % campaign.title,
            text=text.strip() or _("Due on %s.") % day(campaign.due_on),
            at=at,
            on=on,
        )
        audit("reporting.campaign.reminded", campaign, actor=actor, at=at, people=told)
    return told


def _tell(
    rows: QuerySet[Submission], *, key: str, subject: str, text: str, at: datetime, on: date
) -> int:
    asked = rows.order_by().values_list("organisation_id", flat=True)
    people = {post.person_id for post in administrators_of(asked, on)}
    return notify(
        people, key=key, subject=subject, text=text, link=reverse("reporting:reports"), at=at
    )


def close_campaign(campaign: Campaign, *, actor: Actor | None, at: datetime) -> Campaign:
    """No more reports are taken; what is being typed stays as drafts."""
    return _switch(campaign, CampaignStatus.CLOSED, actor=actor, at=at)


def reopen_campaign(
    campaign: Campaign, *, due_on: date | None = None, actor: Actor | None, at: datetime
) -> Campaign:
    if due_on is not None and due_on < campaign.opens_on:
        raise ValidationError({"due_on": _("The term is before the opening.")})
    return _switch(campaign, CampaignStatus.OPEN, actor=actor, at=at, due_on=due_on)


def _switch(
    campaign: Campaign,
    status: CampaignStatus,
    *,
    actor: Actor | None,
    at: datetime,
    due_on: date | None = None,
) -> Campaign:
    with transaction.atomic():
        current = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if current.status == CampaignStatus.PLANNED:
            raise ValidationError(_("The campaign is not open."))
        if current.status == status and due_on is None:
            return current
        current.status = status
        current.closed_at = at if status == CampaignStatus.CLOSED else None
        current.due_on = due_on or current.due_on
        current.edition += 1
        current.save()
        closed = status == CampaignStatus.CLOSED
        audit(
            f"reporting.campaign.{'closed' if closed else 'reopened'}", current, actor=actor, at=at
        )
        publish(
            CampaignClosed(campaign_id=current.pk, form=current.version.form.code, closed=closed),
            at=at,
        )
    return current


def coordinators_of(municipalities: Iterable[UUID], on: date) -> dict[UUID, set[UUID]]:
    """People who coordinate each municipality."""
    found: dict[UUID, set[UUID]] = {}
    for place, person in Post.objects.filter(
        on_day(on), role=Role.COORDINATOR, municipality__in=list(municipalities)
    ).values_list("municipality_id", "person_id"):
        if place is not None:
            found.setdefault(place, set()).add(person)
    return found
