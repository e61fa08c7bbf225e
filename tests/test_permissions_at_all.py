"""What an actor may do at all follows from the role and from which numbers they have.

`Permissions.may` without a thing relies on it, and works it out once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps

from sreda.kernel.api import Actor, Permissions, Seat
from sreda.registry.api import Role

pytestmark = pytest.mark.django_db
DAYS = (date(1998, 7, 1), date(2026, 9, 1))


def tables() -> Iterator[tuple[str, Permissions[Any]]]:
    for app in apps.get_app_configs():
        if app.name.startswith("sreda.") and (Path(app.path) / "access.py").exists():
            for name, found in vars(import_module(f"{app.name}.access")).items():
                if isinstance(found, Permissions):
                    yield f"{app.label}.{name}", found


def actors(on: date) -> Iterator[Actor]:
    yield Actor(on=on)
    for role, numbers, person in product(["", *Role.values], product((0, 1), repeat=4), (0, 1)):
        organisation, municipality, group, child = (uuid4() if n else None for n in numbers)
        seat = Seat(
            str(uuid4()), role, "", "",
            organisation_id=organisation,
            municipality_id=municipality,
            group_id=group,
            child_id=child,
        )  # fmt: skip
        yield Actor(
            on=on,
            user_id=uuid4(),
            person_id=uuid4() if person else None,
            name=str(uuid4()),
            seats=(seat,),
            seat=seat if role else None,
        )


def test_who_has_the_same_standing_may_the_same_at_all() -> None:
    found = dict(tables())
    assert len(found) > 30
    for name, table in found.items():
        for action, rule in table.table.items():
            for one, other in zip(actors(DAYS[0]), actors(DAYS[1]), strict=True):
                assert one.standing == other.standing
                first, second = (rule.decide(actor) is not False for actor in (one, other))
                assert first == second == table.may(one, action) == table.may(other, action), (
                    name,
                    action,
                    one,
                )
