"""Keeping scenarios: the question, not the answer, which is computed anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from sreda.kernel.api import Actor, audit
from sreda.programme.models import Programme, Scenario
from sreda.programme.queries.scenarios import Counts, Driver


@transaction.atomic
def save_scenario(
    programme: Programme,
    *,
    name: str,
    wanted: Counts,
    drivers: Mapping[str, Driver],
    at: datetime,
    actor: Actor,
) -> Scenario:
    """Keep a question under a name; the same name and question again is the one already kept."""
    inputs = {
        "counts": {f"{year}:{section}": count for (year, section), count in wanted.items()},
        "drivers": {key: str(driver) for key, driver in drivers.items()},
    }
    known = Scenario.objects.filter(programme=programme, name=name, inputs=inputs).first()
    if known:
        return known
    made = Scenario.objects.create(
        programme=programme, name=name, inputs=inputs, made_at=at, made_by_id=actor.person_id
    )
    audit("programme.scenario.saved", made, actor=actor, at=at, name=name, inputs=inputs)
    return made


@transaction.atomic
def drop_scenario(scenario: Scenario, *, at: datetime, actor: Actor) -> None:
    audit("programme.scenario.dropped", scenario, actor=actor, at=at,
          name=scenario.name, inputs=scenario.inputs)  # fmt: skip
    scenario.delete()


def question_of(scenario: Scenario) -> tuple[dict[tuple[int, str], int], dict[str, Driver]]:
    """A kept scenario's counts and drivers."""
    counts = {}
    for key, count in scenario.inputs.get("counts", {}).items():
        year, section = key.split(":")
        counts[int(year), section] = int(count)
    return counts, {k: Driver(d) for k, d in scenario.inputs.get("drivers", {}).items()}
