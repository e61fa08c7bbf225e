"""Writes of dashboards: made, changed, copied, arranged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, made_before
from sreda.reporting.domain.mailings import tell_of_deleted
from sreda.reporting.models import Dashboard, Indicator, Widget

MOST_WIDGETS = 30


@transaction.atomic
def add_dashboard(
    *, fields: Mapping[str, Any], at: datetime, actor: Actor, key: UUID | None = None
) -> Dashboard:
    if (found := made_before(Dashboard, key)) is not None:
        return found
    made = Dashboard(**({"pk": key} if key else {}), owner_id=actor.user_id, made_at=at, **fields)
    made.full_clean(exclude=["owner", "edition"])
    made.save(force_insert=True)
    audit("reporting.dashboard.added", made, actor=actor, at=at, title=made.title)
    return made


@transaction.atomic
def change_dashboard(
    *, dashboard: UUID, edition: int, fields: Mapping[str, Any], at: datetime, actor: Actor
) -> Dashboard:
    current = _locked(dashboard, edition)
    if fields.get("public") and not current.public:
        _only_public(current)
    for name, value in fields.items():
        setattr(current, name, value)
    current.full_clean(exclude=["owner", "edition"])
    _touch(current)
    audit("reporting.dashboard.changed", current, actor=actor, at=at,
          title=current.title, shared=current.shared, public=current.public)  # fmt: skip
    return current


@transaction.atomic
def copy_dashboard(*, dashboard: Dashboard, title: str, at: datetime, actor: Actor) -> Dashboard:
    """One's own, to be changed at will."""
    made = Dashboard.objects.create(
        title=title[:200], about=dashboard.about, level=dashboard.level,
        owner_id=actor.user_id, made_at=at,
    )  # fmt: skip
    Widget.objects.bulk_create(
        Widget(dashboard=made, number=w.number, kind=w.kind, title=w.title, sources=w.sources,
               months=w.months)
        for w in dashboard.widgets.all()
    )  # fmt: skip
    audit("reporting.dashboard.copied", made, actor=actor, at=at, source=str(dashboard.pk))
    return made


@transaction.atomic
def delete_dashboard(*, dashboard: UUID, at: datetime, actor: Actor) -> None:
    current = Dashboard.objects.select_for_update().get(pk=dashboard)
    audit("reporting.dashboard.deleted", current, actor=actor, at=at, title=current.title,
          widgets=list(current.widgets.values("kind", "title", "sources", "months")))  # fmt: skip
    tell_of_deleted(current, at=at)
    current.delete()


@transaction.atomic
def keep_widget(
    *,
    dashboard: UUID,
    edition: int,
    widget: UUID | None,
    fields: Mapping[str, Any],
    at: datetime,
    actor: Actor,
) -> Widget:
    """Add a widget at the end, or change one."""
    current = _locked(dashboard, edition)
    _vetted(current, fields["sources"])
    if widget is None:
        count = current.widgets.count()
        if count >= MOST_WIDGETS:
            raise ValidationError(_("A dashboard holds at most %s parts.") % MOST_WIDGETS)
        last = current.widgets.order_by("-number").first()
        made = Widget(dashboard=current, number=last.number + 1 if last else 1)
    else:
        made = current.widgets.get(pk=widget)
    for name, value in fields.items():
        setattr(made, name, value)
    made.full_clean(exclude=["dashboard"], validate_constraints=False)
    made.save()
    _touch(current)
    audit("reporting.dashboard.arranged", current, actor=actor, at=at, kind=made.kind,
          title=made.title, sources=made.sources)  # fmt: skip
    return made


@transaction.atomic
def drop_widget(*, dashboard: UUID, edition: int, widget: UUID, at: datetime, actor: Actor) -> None:
    current = _locked(dashboard, edition)
    found = current.widgets.get(pk=widget)
    audit("reporting.dashboard.arranged", current, actor=actor, at=at, dropped=found.title,
          kind=found.kind, sources=found.sources)  # fmt: skip
    found.delete()
    _touch(current)


@transaction.atomic
def move_widget(
    *, dashboard: UUID, edition: int, widget: UUID, up: bool, at: datetime, actor: Actor
) -> None:
    """Change places with its neighbour; at the end nothing happens."""
    current = _locked(dashboard, edition)
    order = list(current.widgets.all())
    here = next(n for n, w in enumerate(order) if w.pk == widget)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return
    one, other = order[here], order[there]
    one.number, other.number = other.number, one.number
    Widget.objects.bulk_update([one, other], ["number"])
    _touch(current)
    audit("reporting.dashboard.arranged", current, actor=actor, at=at, moved=one.title)


def _locked(dashboard: UUID, edition: int) -> Dashboard:
    current = Dashboard.objects.select_for_update().get(pk=dashboard)
    if current.edition != edition:
        raise ValidationError(
            _("Somebody else has changed the dashboard meanwhile: look at it anew.")
        )
    return current


def _touch(dashboard: Dashboard) -> None:
    dashboard.edition += 1
    dashboard.save()


def _vetted(dashboard: Dashboard, sources: Sequence[Mapping[str, Any]]) -> None:
    if not sources:
        raise ValidationError({"indicators": _("Choose at least one figure.")})
    if dashboard.public:
        _public_sources(sources)


def _only_public(dashboard: Dashboard) -> None:
    for widget in dashboard.widgets.all():
        _public_sources(widget.sources)


def _public_sources(sources: Sequence[Mapping[str, Any]]) -> None:
    codes = [s["indicator"] for s in sources if "indicator" in s]
    public = set(
        Indicator.objects.filter(code__in=codes, public=True).values_list("code", flat=True)
    )
    if len(codes) < len(sources) or set(codes) - public:
        raise ValidationError(
            _("On the portal only indicators that are themselves shown on the portal may stand.")
        )
