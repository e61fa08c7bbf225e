"""What the programme does when the registry changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sreda.kernel.api import subscribe
from sreda.programme.domain.matching import match_certain
from sreda.programme.models import Programme
from sreda.registry.events import OrganisationAdded


@subscribe(OrganisationAdded)
def look_for_the_listed(payload: dict[str, Any], at: datetime) -> None:
    """A new organisation may be one that a list names."""
    for programme in Programme.objects.all():
        match_certain(programme, at=at)
