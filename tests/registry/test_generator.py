"""The made-up region: always the same from one seed, and true to the order's totals."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import TODAY

from sreda.config.management.commands.demo import listed_organisations
from sreda.kernel.api import AuditEntry
from sreda.registry.api import (
    Enrolment,
    Facilities,
    Organisation,
    OrganisationSize,
    Person,
    Post,
    Qualification,
    Role,
    User,
    on_day,
    seats_of,
)
from sreda.registry.generator import AlreadyLoaded, Region, load, region
from sreda.registry.generator.names import FAMILIES, feminine
from sreda.registry.generator.places import PLACES, village
from sreda.registry.generator.plan import plan
from sreda.registry.generator.shares import apportion
from sreda.registry.generator.spec import FACTS_ON

LISTED = listed_organisations()


def small(seed: int = 7) -> Region:
    return Region(region("small", LISTED), seed=seed, on=TODAY)


def digest(made: Region) -> str:
    return hashlib.sha256(repr(list(made.batches())).encode()).hexdigest()


@pytest.fixture(scope="module")
def whole():
    spec = region("whole", LISTED)
    return spec, plan(spec, Random("1/plan"))


def test_one_seed_gives_one_region_to_the_last_byte():
    assert digest(small(7)) == digest(small(7))
    assert digest(small(7)) != digest(small(8))


@given(st.integers(0, 10_000), st.lists(st.integers(0, 500), min_size=1, max_size=30))
def test_shares_add_up_and_differ_from_the_exact_ones_by_less_than_one(total, weights):
    shares = apportion(total, weights)
    assert sum(shares) == total
    if sum(weights):
        exact = [Decimal(total) * w / sum(weights) for w in weights]
        assert all(abs(s - e) < 1 for s, e in zip(shares, exact, strict=True))


def test_the_whole_region_has_the_orders_totals(whole):
    spec, planned = whole
    schools = [o for o in planned if o.school]
    colleges = [o for o in planned if not o.school]
    assert (len(planned), len(schools), len(colleges)) == (718, 661, 57)
    assert Counter(o.ownership for o in schools) == {"municipal": 647, "state": 9, "private": 5}
    assert (sum(o.learners for o in schools), sum(o.learners for o in colleges)) == (
        308_204, 47_875,
    )  # fmt: skip
    assert (sum(o.teachers for o in schools), sum(o.teachers for o in colleges)) == (
        21_459, 3_187,
    )  # fmt: skip
    assert {o.place.name for o in planned} == {p.name for p in PLACES}
    assert Counter(p.kind for p in PLACES) == {"urban": 16, "district": 18}
    assert spec.organisations == 718


def test_listed_organisations_keep_their_printed_figures(whole):
    _spec, planned = whole
    printed = {item.key: item for item in LISTED}
    listed = {o.listed.key: o for o in planned if o.listed}
    assert len(listed) == 34
    for key, item in printed.items():
        o = listed[key]
        assert (o.learners, o.computers, o.office_computers, o.link, o.network) == (
            item.learners, item.computers, item.office_computers, item.link, item.network,
        )  # fmt: skip
        assert (o.place.name, o.postcode) == (item.municipality, item.postcode)
        assert o.address
        assert "ул" not in o.locality


def test_facilities_have_the_concepts_shares(whole):
    _spec, planned = whole
    online = [o for o in planned if o.link is not None]
    assert len(online) == 711  # 99 % of 718
    assert sum(o.link >= 100 for o in online) == 619  # 87 % of them
    assert {min(o.link for o in online), max(o.link for o in online)} == {3, 128}
    learners = sum(o.learners for o in planned)
    assert round(Decimal(learners) / sum(o.computers for o in planned), 2) == 12
    assert [
        sum(getattr(o, name) for o in planned)
        for name in ("computer_classes", "multimedia", "licensed")
    ] == [707, 646, 635]  # 98.5, 90 and 88.4 %


def test_names_of_organisations_are_told_apart_within_a_municipality(whole):
    _spec, planned = whole
    named = Counter((o.place.code, o.short_name.partition("«")[2]) for o in planned)
    assert [name for name, count in named.items() if count > 1] == []
    assert len({o.slug for o in planned}) == len(planned)
    assert len({o.code for o in planned}) == len(planned)


def test_schools_of_villages_have_adjectives():
    for place in PLACES:
        for written in place.villages:
            name, adjective = village(written)
            assert re.fullmatch(r"[А-ЯЁ][а-яё]+(-[А-ЯЁ][а-яё]+)*ая", adjective), (name, adjective)


def test_family_names_have_both_forms():
    assert feminine("Киселёв") == "Киселёва"
    assert feminine("Садовский") == "Садовская"
    assert feminine("Черных") == "Черных"
    assert feminine("Шевченко") == "Шевченко"
    assert len(set(FAMILIES)) == len(FAMILIES)


@pytest.mark.django_db
class TestLoaded:
    @pytest.fixture(autouse=True)
    def _loaded(self):
        self.made = small()
        self.at = datetime(2026, 11, 20, 5, tzinfo=UTC)
        self.counts = load(self.made, at=self.at, password="demo-password")

    def test_the_rows_are_there(self):
        assert Organisation.objects.count() == self.counts["organisation"] == 8
        assert Enrolment.objects.count() == 508 + 482 + 340 + 997
        for size in OrganisationSize.objects.select_related("organisation"):
            planned = next(o for o in self.made.planned if o.code == size.organisation.code)
            assert (size.learners, size.teachers) == (planned.learners, planned.teachers)
        assert AuditEntry.objects.get(action="registry.region.generated").data["seed"] == 7

    def test_shares_trained_are_those_of_the_order_on_its_day(self):
        for kind, share in (("school", "86.54"), ("college", "84.82")):
            listed = Facilities.objects.filter(source__startswith="Перечень")
            staff = set(
                Post.objects.filter(
                    on_day(FACTS_ON),
                    organisation__in=listed.values("organisation_id"),
                    organisation__kind=kind,
                ).values_list("person_id", flat=True)
            )
            trained = set(
                Qualification.objects.filter(
                    person__in=staff, topic="digital-environment", completed_on__lte=FACTS_ON
                ).values_list("person_id", flat=True)
            )
            assert round(Decimal(100 * len(trained)) / len(staff), 2) == Decimal(share)

    def test_every_standing_character_signs_in_and_holds_the_role(self):
        roles = set()
        for character in self.made.characters:
            user = User.objects.get(username=character.username)
            assert user.check_password("demo-password")
            seats = seats_of(user.person_id, TODAY)
            assert character.role in {seat.role for seat in seats}
            roles.add(character.role)
        assert roles == set(Role)
        teacher = User.objects.get(username="teacher")
        seats = [seat.role for seat in seats_of(teacher.person_id, TODAY)]
        assert sorted(seats) == ["parent", "teacher", "teacher"]
        parent = User.objects.get(username="parent")
        assert [s.role for s in seats_of(parent.person_id, TODAY)] == ["parent", "parent"]

    def test_children_of_one_mother_are_siblings_by_name(self):
        wards = User.objects.get(username="parent").person.wards.select_related("child")
        fathers = {w.child.patronymic.removesuffix("ич").removesuffix("на") for w in wards}
        assert len(fathers) == 1

    def test_people_are_of_an_age_for_their_place(self):
        for place in Enrolment.objects.select_related("person", "group")[:400]:
            age = (date(2026, 9, 1) - place.person.birth_date).days / 365.25
            first = 5.9 if place.role == Role.PUPIL else 14.9
            assert first <= age - (place.group.grade - 1) <= first + 4

    def test_a_second_load_changes_nothing(self):
        with pytest.raises(AlreadyLoaded):
            load(small(8), at=self.at, password="demo-password")
        assert Organisation.objects.count() == 8


@pytest.mark.django_db
def test_an_interrupted_load_leaves_nothing():
    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(small(), at=datetime(2026, 11, 20, tzinfo=UTC), password="x", report=stop)
    assert not Organisation.objects.exists()
    assert not Person.objects.exists()


@pytest.mark.django_db
def test_the_demo_command_says_when_there_is_something_already(capsys):
    call_command("demo")
    first = capsys.readouterr().out
    assert "operator" in first
    people = Person.objects.count()
    call_command("demo")
    again = capsys.readouterr().out
    assert "ничего не изменено" in again
    assert first.endswith(again.split("\n\n", 1)[1])
    assert Person.objects.count() == people
    operator = User.objects.get(username="operator")
    operator.set_password("not the demo's any more")
    operator.save()
    call_command("demo")
    assert "operator" not in capsys.readouterr().out
