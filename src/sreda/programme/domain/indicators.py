"""Writes around indicators: how a fact is computed, where the model works, kept facts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, StoredFile, audit, publish
from sreda.programme.events import (
    ComputationChosen,
    ImplementationRecorded,
    ImplementationWithdrawn,
    IndicatorComputed,
)
from sreda.programme.models import Implementation, Indicator, IndicatorFact, Programme
from sreda.programme.queries.facts import COMPUTATIONS, Fact, fact_of
from sreda.registry.api import Organisation


@transaction.atomic
def choose_computation(indicator: Indicator, *, name: str, at: datetime, actor: Actor) -> None:
    """Say how the fact is computed (a name of `queries.facts`; empty: not at all)."""
    if name and name not in COMPUTATIONS:
        raise ValidationError(_("There is no such computation."))
    before, indicator.measure = indicator.measure, name
    if before == name:
        return
    indicator.save(update_fields=["measure"])
    audit("programme.indicator.computation_chosen", indicator, actor=actor, at=at,
          before=before, after=name)  # fmt: skip
    publish(
        ComputationChosen(
            programme_id=indicator.programme_id, indicator_id=indicator.pk, name=name
        ),
        at=at,
    )


@transaction.atomic
def record_implementation(
    programme: Programme,
    *,
    organisation: Organisation,
    since: date,
    basis: str,
    file: StoredFile | None = None,
    at: datetime,
    actor: Actor | None,
) -> Implementation:
    """The target model works in the organisation since a day, by an act of acceptance.

    A second record for one organisation is refused with the first one's day.
    """
    if since > timezone.localdate(at):
        raise ValidationError({"since": _("This day has not come yet.")})
    try:
        with transaction.atomic():
            made = Implementation.objects.create(
                programme=programme,
                organisation=organisation,
                since=since,
                basis=basis,
                file=file,
                recorded_at=at,
                recorded_by_id=actor.person_id if actor else None,
            )
    except IntegrityError:
        first = Implementation.objects.get(programme=programme, organisation=organisation)
        raise ValidationError(
            {
                "organisation": _("It is already on record, since %(day)s.")
                % {"day": first.since.strftime("%d.%m.%Y")}
            }
        ) from None
    audit("programme.implementation.recorded", made, actor=actor, at=at,
          organisation=organisation.pk, since=since, basis=basis)  # fmt: skip
    publish(
        ImplementationRecorded(
            programme_id=programme.pk, organisation_id=organisation.pk, since=since
        ),
        at=at,
    )
    return made


@transaction.atomic
def withdraw_implementation(
    implementation: Implementation, *, reason: str, at: datetime, actor: Actor
) -> None:
    """Take a wrong record back; the log keeps what it said and why it went."""
    audit("programme.implementation.withdrawn", implementation, actor=actor, at=at,
          organisation=implementation.organisation_id, since=implementation.since,
          basis=implementation.basis, reason=reason)  # fmt: skip
    publish(
        ImplementationWithdrawn(
            programme_id=implementation.programme_id,
            organisation_id=implementation.organisation_id,
        ),
        at=at,
    )
    implementation.delete()


@transaction.atomic
def keep_fact(indicator: Indicator, *, on: date, at: datetime) -> Fact:
    """Compute the fact of a day and keep it with its parts, so that a series can be drawn."""
    fact = fact_of(indicator, indicator.programme, on)
    lineage = {
        "computation": indicator.measure,
        "parts": [{"label": str(p.label), "value": _plain(p.value)} for p in fact.parts],
        "rows": len(fact.rows),
    }
    before = IndicatorFact.objects.filter(indicator=indicator, as_of=on).first()
    IndicatorFact.objects.update_or_create(
        indicator=indicator,
        as_of=on,
        defaults={"value": fact.value, "lineage": lineage, "computed_at": at},
    )
    if before is None or before.value != fact.value:
        publish(
            IndicatorComputed(indicator_id=indicator.pk, on=on, value=_plain(fact.value)), at=at
        )
    return fact


def keep_facts(
    *,
    on: date,
    at: datetime,
    programme_id: UUID | None = None,
    computations: Collection[str] | None = None,
) -> int:
    """Keep the facts of a day and of the ends of the planned years before it: of all programmes
    or one, by all computations or some. Facts an indicator had by another computation go.

    Returns how many were kept."""
    kept = 0
    found = Indicator.objects.filter(gone_at=None).select_related("programme")
    if programme_id is not None:
        found = found.filter(programme_id=programme_id)
    for indicator in found.prefetch_related("plans"):
        IndicatorFact.objects.filter(indicator=indicator).exclude(
            lineage__computation=indicator.measure
        ).delete()
        if not indicator.measure or (
            computations is not None and indicator.measure not in computations
        ):
            continue
        for day in _days(indicator, on):
            keep_fact(indicator, on=day, at=at)
            kept += 1
    return kept


def keep_due_facts(*, on: date, at: datetime) -> int:
    """As `keep_facts`, where the day's facts are not yet kept: once a day, however often asked."""
    missing = (
        Indicator.objects.filter(gone_at=None)
        .exclude(measure="")
        .exclude(computed__as_of=on)
        .values_list("programme_id", flat=True)
    )
    return sum(keep_facts(on=on, at=at, programme_id=pk) for pk in set(missing))


def _days(indicator: Indicator, on: date) -> list[date]:
    ends = {date(plan.year, 12, 31) for plan in indicator.plans.all()}
    return sorted({day for day in ends if day < on} | {on})


def _plain(value: object) -> str | None:
    return None if value is None else str(value)
