"""The places figures are of: schools and colleges at work on a day, municipalities, the region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sreda.registry.api import Organisation, OrganisationKind, on_day
from sreda.reporting.enums import Level

TEACHING = (OrganisationKind.SCHOOL, OrganisationKind.COLLEGE)
"""Kinds of organisations that learners are in: what the order's figures speak of."""


@dataclass(frozen=True, slots=True)
class PlaceKey:
    """Without an id: the whole region."""

    level: Level
    id: UUID | None = None


REGION = PlaceKey(Level.REGION)


@dataclass(frozen=True, slots=True)
class Places:
    """Organisations of a day with their municipalities."""

    municipality_of: Mapping[UUID, UUID]

    def members(self) -> dict[PlaceKey, Sequence[UUID]]:
        """Every place and the organisations whose records are its own."""
        found: dict[PlaceKey, list[UUID]] = {REGION: list(self.municipality_of)}
        for organisation, municipality in self.municipality_of.items():
            found[PlaceKey(Level.ORGANISATION, organisation)] = [organisation]
            found.setdefault(PlaceKey(Level.MUNICIPALITY, municipality), []).append(organisation)
        return dict(found)


def places_on(on: date, organisations: Iterable[UUID] | None = None) -> Places:
    """Those at work on the day, in one query; `organisations` narrows them."""
    rows = Organisation.objects.filter(on_day(on), kind__in=TEACHING).order_by()
    if organisations is not None:
        rows = rows.filter(pk__in=list(organisations))
    return Places(dict(rows.values_list("pk", "municipality_id")))
