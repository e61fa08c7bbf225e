"""Who fills a form: how many organisations an audience means, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sreda.registry.api import Municipality, Organisation, OrganisationKind, Role, on_day

Audience = Mapping[str, Any]


def reach(audiences: Sequence[Audience], on: date) -> list[int]:
    """Organisations at work on the day that each audience means; two queries for any number."""
    working = Organisation.objects.filter(on_day(on))
    named = {str(pk) for audience in audiences for pk in audience.get("organisations", ())}
    by_place = list(
        working.order_by().values_list("kind", "municipality_id").annotate(count=Count("pk"))
    )
    listed = list(working.filter(pk__in=named).values_list("pk", "kind", "municipality_id"))
    found = []
    for audience in audiences:
        kinds = set(audience.get("kinds", ()))
        places = {str(pk) for pk in audience.get("municipalities", ())}
        chosen = {str(pk) for pk in audience.get("organisations", ())}
        rows = [(kind, place, 1) for pk, kind, place in listed if str(pk) in chosen]
        found.append(
            sum(
                count
                for kind, place, count in (rows if chosen else by_place)
                if (not kinds or kind in kinds) and (not places or str(place) in places)
            )
        )
    return found


def covers(wide: Audience, narrow: Audience) -> bool:
    """Whether everybody of `narrow` is in `wide` too, as far as their words tell."""
    for part in ("kinds", "municipalities", "organisations"):
        limits = set(map(str, wide.get(part, ())))
        if limits and not (set(map(str, narrow.get(part, ()))) or {""}) <= limits:
            return False
    return True


def survey_in_words(audience: Audience) -> str:
    roles = [str(Role(role).label) for role in audience.get("roles", ())]
    return "; ".join((", ".join(roles) or _("everybody"), in_words(audience)))


def in_words(audience: Audience) -> str:
    kinds = [str(OrganisationKind(k).label) for k in audience.get("kinds", ())]
    parts = [", ".join(kinds) if kinds else _("all organisations")]
    if places := audience.get("municipalities"):
        names = Municipality.objects.filter(pk__in=places).values_list("name", flat=True)
        parts.append(", ".join(names[:5]) + (" …" if len(places) > 5 else ""))
    if len(chosen := audience.get("organisations") or []) == 1:
        parts.extend(
            Organisation.objects.filter(pk__in=chosen).values_list("short_name", flat=True)
        )
    elif chosen:
        parts.append(
            ngettext("%(n)s organisation of a list", "%(n)s organisations of a list", len(chosen))
            % {"n": len(chosen)}
        )
    return "; ".join(parts)
