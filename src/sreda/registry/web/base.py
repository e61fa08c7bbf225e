"""What the registry's pages share: who asks, as of when, and what a form carries along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.translation import gettext as _

from sreda.kernel.api import Revision, history_of, state_of
from sreda.ui.numbers import number
from sreda.ui.pages import actor_of, add_errors, asked_day, key_of, page, visible

__all__ = [
    "actor_of",
    "add_errors",
    "as_of",
    "asked_day",
    "key_of",
    "label",
    "linked",
    "names_in",
    "page",
    "places_of",
    "rows_of",
    "sealed",
    "shown",
    "timeline",
    "unsealed",
    "visible",
]

_SALT = "sreda.registry.form"


def as_of(request: HttpRequest) -> date:
    """The day the page shows: ?on=YYYY-MM-DD, else today."""
    return asked_day(request) or actor_of(request).on


def sealed(thing: models.Model, fields: tuple[str, ...]) -> str:
    """What the form shows, to carry along in it."""
    state = {"edition": getattr(thing, "edition", 0), "state": state_of(thing, fields)}
    return signing.dumps(state, salt=_SALT, compress=True)


def unsealed(text: str) -> dict[str, Any]:
    """What the form showed when it was opened; ValidationError when it was tampered with."""
    try:
        found: dict[str, Any] = signing.loads(text, salt=_SALT)
    except signing.BadSignature as error:
        raise ValidationError(_("The form is damaged; open the page anew.")) from error
    return found


def shown(model: type[models.Model], name: str, value: Any, names: Mapping[str, str]) -> str:
    """A value of a kept state as people read it; `names` gives the names of referred records."""
    if value is None or value == "":
        return ""
    field: Any = model._meta.get_field(name)
    if field.is_relation:
        return names.get(str(value), str(value))
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, models.DecimalField):
        return number(value)
    if isinstance(field, models.DateField):
        day = parse_date(str(value))
        return day.strftime("%d.%m.%Y") if day else str(value)
    return str(value)


def places_of(person: Any) -> str:
    """What a listed person is now, in words."""
    return "; ".join(
        ", ".join(filter(None, (one.role, one.group, one.place))) for one in person.standings
    )


def names_in(model: type[models.Model], states: list[Mapping[str, Any]]) -> dict[str, str]:
    """Names of the records that kept states refer to, one query for each kind."""
    found: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        if not field.is_relation or field.related_model is None:
            continue
        ids = {state[field.name] for state in states if state.get(field.name)}
        if ids:
            rows = field.related_model._default_manager.filter(pk__in=ids)  # type: ignore[union-attr]
            found.update({str(row.pk): str(row) for row in rows})
    return found


def rows_of(
    thing: models.Model, fields: tuple[str, ...], state: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """A state as (label, value) pairs."""
    model = type(thing)
    names = names_in(model, [state])
    return [
        (label(model, name), linked(model, name, shown(model, name, state.get(name), names)))
        for name in fields
    ]


def linked(model: type[models.Model], name: str, text: str) -> str:
    """Addresses of sites and mail as links."""
    field = model._meta.get_field(name)
    if isinstance(field, models.URLField) and text.startswith(("http://", "https://")):
        return format_html('<a href="{0}" rel="noopener">{0}</a>', text)
    if isinstance(field, models.EmailField) and text:
        return format_html('<a href="mailto:{0}">{0}</a>', text)
    return text


def label(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    named = field.related_model._meta if field.is_relation else field
    text = str(named.verbose_name)
    return text[:1].upper() + text[1:]


def timeline(
    thing: models.Model, fields: tuple[str, ...], title: str = "", url: str = ""
) -> list[dict[str, Any]]:
    """The kept changes, newest first: who, when, what from and to."""
    revisions: list[Revision] = list(reversed(history_of(thing)))
    model = type(thing)
    names = names_in(model, [r.state for r in revisions])
    items: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for revision in revisions:
        state = revision.state
        moved = [
            (
                label(model, name),
                shown(model, name, (before or {}).get(name), names),
                shown(model, name, state.get(name), names),
            )
            for name in fields
            if (before or {}).get(name) != state.get(name)
        ]
        first = before is None
        before = state
        if not first and not moved:
            continue
        what = _("Entered") if first else _("Changed")
        if first and revision.actor_id is None and not revision.reason:
            loaded = _("As first loaded")
            items.append(
                {
                    "title": f"{title}: {loaded.lower()}" if title else loaded,
                    "sorted_at": revision.recorded_at,
                    "icon": "database-import",
                    "url": url,
                }
            )
            continue
        items.append(
            {
                "title": f"{title}: {what.lower()}" if title else what,
                "sorted_at": revision.recorded_at,
                "text": _("Effective from %(day)s.")
                % {"day": revision.effective_on.strftime("%d.%m.%Y")}
                + (f" {revision.reason}" if revision.reason else ""),
                "at": revision.recorded_at,
                "actor": revision.actor_label or _("System"),
                "changes": [] if first else moved,
                "icon": "plus" if first else "pencil",
                "tone": "success" if first else "primary",
                "url": url,
            }
        )
    return list(reversed(items))
