"""States as of any day."""

from datetime import date

import pytest
from django.utils import timezone

from sreda.kernel.api import history_of, remember, state_of, state_on
from tests.factories import OrganisationFactory

FIELDS = ["short_name", "municipality"]


@pytest.mark.django_db
def test_the_state_of_any_day_is_known():
    school = OrganisationFactory(short_name="Школа", since=date(2000, 9, 1))
    assert state_on(school, date(2010, 1, 1)) is None

    def rename(name, day):
        before = state_of(school, FIELDS)
        school.short_name = name
        remember(
            school,
            before=before,
            after=state_of(school, FIELDS),
            since=school.since,
            effective_on=day,
            at=timezone.now(),
            actor=None,
        )

    rename("Лицей", date(2015, 9, 1))
    rename("Гимназия", date(2020, 9, 1))
    rename("Гимназия № 1", date(2020, 9, 1))
    on = {year: (state_on(school, date(year, 9, 1)) or {}) for year in (1999, 2010, 2015, 2021)}
    assert on[1999] == {}
    assert on[2010] == {"short_name": "Школа", "municipality": str(school.municipality_id)}
    assert on[2015]["short_name"] == "Лицей"
    assert on[2021]["short_name"] == "Гимназия № 1"
    assert history_of(school).count() == 4
