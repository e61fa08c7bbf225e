"""A sitting with an open attempt, for tests of answers and marks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sreda.assessment.models import Attempt, Sitting, Test, TestVersion
from tests.factories import OrganisationFactory, PersonFactory


def open_attempt(at: datetime, *, minutes: int = 60, **values: Any) -> Attempt:
    """An attempt that began at `at` and may last so many minutes."""
    test = Test.objects.create(identifier="t1", title="Test", made_at=at)
    version = TestVersion.objects.create(
        test=test, number=1, content="<t/>", sha256="0" * 64, made_at=at, status="ready"
    )
    sitting = Sitting.objects.create(
        version=version,
        title="Sitting",
        organisation=OrganisationFactory(),
        opens_at=at,
        closes_at=at + timedelta(days=1),
        made_at=at,
        **values,
    )
    return Attempt.objects.create(
        sitting=sitting,
        person=PersonFactory(),
        number=1,
        seed=1,
        started_at=at,
        ends_at=at + timedelta(minutes=minutes),
    )
