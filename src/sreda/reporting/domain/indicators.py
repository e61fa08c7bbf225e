"""Writes of indicators: each is vetted, keeps its history, and tells what depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, made_before, publish, remember, state_of
from sreda.reporting.domain import freshness
from sreda.reporting.enums import Level
from sreda.reporting.events import IndicatorAdded, IndicatorChanged, IndicatorDeleted
from sreda.reporting.expressions import ExpressionError, reason, way_in_words
from sreda.reporting.models import Indicator, IndicatorInput
from sreda.reporting.queries.formulas import Circle, Key, Sources, in_order, inputs_of, needs_of

FIELDS = (
    "code", "title", "about", "formula", "unit", "places", "levels", "more_is_better",
    "good_from", "bad_from", "plan", "owner", "public",
)  # fmt: skip
# A change of one of these gives other values.
COUNTING = {"code", "formula", "places", "levels"}


def vetted(indicator: Indicator) -> set[Key]:
    """What its formula depends on; ValidationError at `formula` says what is wrong with it."""
    code, formula = indicator.code, indicator.formula
    sources = Sources.now()
    try:
        compiled = sources.compile(code, formula)
    except ExpressionError as error:
        where = ""
        if error.line:
            where = _("line %(line)s, column %(column)s: ") % {
                "line": error.line,
                "column": error.column,
            }
        raise ValidationError({"formula": f"{where}{reason(error)}"}) from None
    if compiled.inputs.cells or any(call.function == "listed" for call in compiled.inputs.calls):
        raise ValidationError({"formula": _("An indicator is a number: lists have no place here.")})
    found = inputs_of(compiled)
    if not found:
        raise ValidationError({"formula": _("The formula asks nothing of the records.")})
    keys: dict[str, set[Key]] = {code: found}
    for item in IndicatorInput.objects.exclude(indicator__code=code).select_related("indicator"):
        keys.setdefault(item.indicator.code, set()).add((item.kind, item.name, item.part))
    try:
        in_order(needs_of(keys))
    except Circle as circle:
        named = dict(Indicator.objects.filter(code__in=circle.way).values_list("code", "title"))
        way = way_in_words((named | {code: indicator.title})[name] for name in circle.way)
        raise ValidationError(
            {"formula": _("Indicators would depend on each other in a circle: %s") % way}
        ) from None
    return found


def _clean(indicator: Indicator) -> None:
    indicator.full_clean(exclude=["state", "why", "edition"])
    if not indicator.levels or not set(indicator.levels) <= set(Level.values):
        raise ValidationError({"levels": _("Choose at least one level.")})
    for year, value in indicator.plan.items():
        if not (str(year).isdigit() and len(str(year)) == 4):
            raise ValidationError({"plan": _("“%s” is not a year.") % year})
        try:
            Decimal(str(value))
        except ArithmeticError:
            raise ValidationError({"plan": _("The plan of %s is not a number.") % year}) from None
    good, bad = indicator.good_from, indicator.bad_from
    if good is not None and bad is not None:
        if indicator.more_is_better and bad >= good:
            raise ValidationError({"bad_from": _("Bad must be below good, since more is better.")})
        if not indicator.more_is_better and bad <= good:
            raise ValidationError({"bad_from": _("Bad must be above good, since less is better.")})


@transaction.atomic
def add_indicator(
    *,
    fields: Mapping[str, Any],
    at: datetime,
    actor: Actor | None,
    key: UUID | None = None,
    reason: str = "",
) -> Indicator:
    """`key` is the new one's id: the same form sent twice adds one. Its values come by a job."""
    if (found := made_before(Indicator, key)) is not None:
        return found
    freshness.alone()
    indicator = Indicator(**({"pk": key} if key else {}), made_at=at, **fields)
    _clean(indicator)
    inputs = vetted(indicator)
    indicator.save(force_insert=True)
    _keep_inputs(indicator, inputs)
    _remember(indicator, None, at=at, actor=actor, reason=reason)
    audit("reporting.indicator.added", indicator, actor=actor, at=at, code=indicator.code)
    publish(IndicatorAdded(indicator_id=indicator.pk, code=indicator.code), at=at)
    freshness.review(at=at)
    freshness.ask(at=at)
    return indicator


@transaction.atomic
def change_indicator(
    *,
    indicator: UUID,
    edition: int,
    fields: Mapping[str, Any],
    at: datetime,
    actor: Actor | None,
    reason: str = "",
) -> Indicator:
    """ValidationError where somebody has changed it since `edition`. Equal fields change nothing.

    What depends on it is computed anew only where its values can differ.
    """
    freshness.alone()
    current = Indicator.objects.select_for_update().get(pk=indicator)
    if current.edition != edition:
        raise ValidationError(
            _("Somebody else has changed the indicator meanwhile: look at it anew.")
        )
    before = state_of(current, FIELDS)
    old_code = current.code
    for name, value in fields.items():
        setattr(current, name, value)
    _clean(current)
    after = state_of(current, FIELDS)
    changed = {name for name in FIELDS if before[name] != after[name]}
    if not changed:
        return current
    inputs = vetted(current)
    current.edition += 1
    current.save()
    _keep_inputs(current, inputs)
    _remember(current, before, at=at, actor=actor, reason=reason)
    audit("reporting.indicator.changed", current, actor=actor, at=at, reason=reason,
          changes={name: [before[name], after[name]] for name in sorted(changed)})  # fmt: skip
    publish(
        IndicatorChanged(indicator_id=current.pk, code=current.code, fields=tuple(sorted(changed))),
        at=at,
    )
    if changed & COUNTING:
        if "levels" in changed:
            freshness.drop_other_levels(current)
        freshness.mark({old_code, current.code}, itself=True)
    freshness.review(at=at)
    freshness.ask(at=at)
    return current


@transaction.atomic
def delete_indicator(
    *, indicator: UUID, at: datetime, actor: Actor | None, reason: str
) -> list[Indicator]:
    """Its values go with it; those whose formulas name it are broken from now on, and returned."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the indicator is deleted.")})
    freshness.alone()
    current = Indicator.objects.select_for_update().get(pk=indicator)
    dependents = list(dependents_of(current))
    audit("reporting.indicator.deleted", current, actor=actor, at=at, reason=reason,
          state=state_of(current, FIELDS), dependents=[d.code for d in dependents])  # fmt: skip
    publish(IndicatorDeleted(indicator_id=current.pk, code=current.code), at=at)
    current.delete()
    freshness.review(at=at)
    return dependents


def dependents_of(indicator: Indicator) -> Any:
    """Indicators whose formulas name this one."""
    return Indicator.objects.filter(inputs__kind="indicator", inputs__name=indicator.code)


def _keep_inputs(indicator: Indicator, inputs: set[Key]) -> None:
    known = {(i.kind, i.name, i.part): i.pk for i in indicator.inputs.all()}
    IndicatorInput.objects.filter(pk__in=[known[k] for k in known.keys() - inputs]).delete()
    IndicatorInput.objects.bulk_create(
        IndicatorInput(indicator=indicator, kind=kind, name=name, part=part)
        for kind, name, part in sorted(inputs - known.keys())
    )


def _remember(
    indicator: Indicator,
    before: dict[str, Any] | None,
    *,
    at: datetime,
    actor: Actor | None,
    reason: str,
) -> None:
    today = timezone.localtime(at).date()
    remember(
        indicator,
        before=before,
        after=state_of(indicator, FIELDS),
        since=timezone.localtime(indicator.made_at).date(),
        effective_on=today,
        at=at,
        actor=actor,
        reason=reason,
    )
