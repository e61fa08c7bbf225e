"""Indicators: computed at all places, anew when a source changes and only then; broken, healed."""

import threading
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connections, transaction

from sreda.kernel import datasets as kernel_datasets
from sreda.kernel.api import AuditEntry, history_of
from sreda.kernel.domain.outbox import deliver_pending
from sreda.registry.api import Facilities, Role
from sreda.registry.domain.posts import end_post
from sreda.reporting.domain import freshness
from sreda.reporting.domain.indicators import add_indicator, change_indicator, delete_indicator
from sreda.reporting.domain.shipping import add_shipped
from sreda.reporting.models import Indicator, IndicatorInput, IndicatorValue
from sreda.reporting.queries.computing import compute
from sreda.reporting.queries.places import PlaceKey
from tests.factories import (
    EnrolmentFactory,
    MunicipalityFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    seated,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Novokuznetsk"))
TODAY = date(2026, 11, 20)
LEVELS = ["region", "municipality", "organisation"]
HIGHER = (
    'count("staff", {"role": "teacher", "higher_education": true}) * 100'
    ' / count("staff", {"role": "teacher"})'
)
RATIO = 'count("contingent") / total("facilities", "computers_teaching")'


@pytest.fixture
def operator():
    return seated(Role.OPERATOR)


def indicator(code, formula, **more):
    fields = {"code": code, "title": code.title(), "formula": formula, "levels": LEVELS, **more}
    return add_indicator(fields=fields, at=AT, actor=None)


@pytest.fixture
def region():
    """Two municipalities with a school each: 3 of 4 and 1 of 2 teachers with higher education."""
    first, second = OrganisationFactory(), OrganisationFactory()
    for school, higher, others in ((first, 3, 1), (second, 1, 1)):
        for number in range(higher + others):
            PostFactory(
                person=PersonFactory(),
                role=Role.TEACHER,
                organisation=school,
                since=date(2020, 9, 1),
                higher_education=number < higher,
            )
        Facilities.objects.create(
            organisation=school, as_of=date(2020, 9, 1), computers_teaching=2, link_mbps=100
        )
    for _n in range(6):
        EnrolmentFactory(organisation=first, since=date(2020, 9, 1))
    return first, second


def value(code, on=TODAY, **place):
    where = {"organisation": None, "municipality": None, **place}
    return IndicatorValue.objects.get(indicator__code=code, on=on, **where)


def test_one_formula_at_every_level(region):
    first, second = region
    indicator("higher", HIGHER)
    freshness.recompute(at=AT)
    assert value("higher").value == Decimal("66.67")
    assert value("higher", municipality=first.municipality).value == Decimal("75")
    assert value("higher", organisation=second).value == Decimal("50")
    assert [i["value"] for i in value("higher").inputs] == ["4", "6"]
    assert Indicator.objects.get().state == "fresh"


def test_where_records_do_not_answer_the_value_says_why(region):
    empty = OrganisationFactory()
    indicator("higher", HIGHER)
    freshness.recompute(at=AT)
    found = value("higher", organisation=empty)
    assert found.value is None
    assert found.why.startswith("нет данных: Сотрудники: ")


def test_values_are_of_any_day(region):
    first, _second = region
    indicator("higher", HIGHER)
    places = compute(list(Indicator.objects.all()), date(2020, 8, 31))["higher"]
    assert places[PlaceKey("region")].value is None
    places = compute(list(Indicator.objects.all()), date(2020, 9, 1))["higher"]
    assert places[PlaceKey("organisation", first.pk)].value == Decimal("75")


def test_the_kept_days_are_today_the_firsts_of_months_and_the_ends_of_planned_years(region):
    indicator("higher", HIGHER, plan={"2024": "60", "2030": "90"})
    freshness.recompute(at=AT)
    days = set(IndicatorValue.objects.values_list("on", flat=True))
    assert days == {
        TODAY, date(2024, 12, 31), date(2025, 12, 1),
        *(date(2026, month, 1) for month in range(1, 12)),
    }  # fmt: skip
    later = AT + timedelta(days=1)
    freshness.recompute(at=later)
    days = set(IndicatorValue.objects.values_list("on", flat=True))
    assert later.date() in days
    assert TODAY not in days  # yesterday goes when today has come


def test_every_dataset_is_read_once_for_the_whole_region(region, django_assert_num_queries):
    indicator("higher", HIGHER)
    found = list(Indicator.objects.prefetch_related("inputs"))
    # indicators there are, places, one dataset
    with django_assert_num_queries(3):
        compute(found, TODAY)
    for _n in range(3):
        OrganisationFactory()
    with django_assert_num_queries(3):
        compute(found, TODAY)


def test_a_formula_is_vetted_and_its_inputs_are_kept(region):
    with pytest.raises(ValidationError) as error:
        indicator("wrong", 'count("staf")')
    assert "staf" in str(error.value.message_dict["formula"])
    with pytest.raises(ValidationError):
        indicator("fixed", "1 + 1")
    with pytest.raises(ValidationError):
        indicator("one", 'count("staff", {"rank": 1})')
    ratio = indicator("ratio", RATIO)
    twice = indicator("twice", 'indicator("ratio") * 2')
    assert set(ratio.inputs.values_list("kind", "name", "part")) == {
        ("dataset", "contingent", "learners"),
        ("dataset", "facilities", "computers_teaching"),
    }
    assert list(twice.inputs.values_list("kind", "name")) == [("indicator", "ratio")]


def test_a_circle_is_refused_with_its_way(region):
    first = indicator("a", HIGHER)
    second = indicator("b", 'indicator("a") + 1')
    with pytest.raises(ValidationError) as error:
        change_indicator(
            indicator=first.pk, edition=1, fields={"formula": 'indicator("b") + 1'}, at=AT,
            actor=None,
        )  # fmt: skip
    way = f"«{first.title}» → «{second.title}» → «{first.title}»"
    assert way in str(error.value.message_dict["formula"]), "names, not codes"
    with pytest.raises(ValidationError):
        indicator("c", 'indicator("c")')


def test_an_event_recomputes_exactly_the_dependents_at_exactly_the_places(region):
    first, second = region
    indicator("higher", HIGHER)
    indicator("ratio", RATIO)
    indicator("twice", 'indicator("higher") * 2')
    freshness.recompute(at=AT)
    before = dict(IndicatorValue.objects.values_list("pk", "computed_at"))
    leaving = first.posts.filter(higher_education=False).get()
    end_post(leaving, on=date(2026, 10, 31), actor=None, at=AT)
    later = AT + timedelta(minutes=5)
    deliver_pending(at=later)
    stale = IndicatorValue.objects.filter(stale=True)
    assert set(stale.values_list("indicator__code", flat=True)) == {"higher", "twice"}
    assert not stale.filter(organisation=second).exists()
    assert not stale.filter(municipality=second.municipality).exists()
    assert stale.filter(organisation=None, municipality=None, on=TODAY).count() == 2
    assert Indicator.objects.get(code="ratio").state == "fresh"
    assert Indicator.objects.get(code="twice").state == "stale"
    done = freshness.recompute(at=later)
    changed = {
        row.pk for row in IndicatorValue.objects.all() if row.computed_at != before.get(row.pk)
    }
    assert len(changed) == done
    assert {IndicatorValue.objects.get(pk=pk).indicator.code for pk in changed} == {
        "higher", "twice",
    }  # fmt: skip
    assert value("higher", organisation=first).value == 100
    assert value("twice", organisation=first).value == 200
    assert value("higher", on=date(2026, 10, 1), organisation=first).value == 75
    assert set(Indicator.objects.values_list("state", flat=True)) == {"fresh"}
    # nothing is left to do, and nothing is done
    assert freshness.recompute(at=later) == 0


def test_an_event_of_no_source_marks_nothing(region):
    indicator("ratio", RATIO)
    freshness.recompute(at=AT)
    first, _second = region
    end_post(first.posts.first(), on=date(2026, 10, 31), actor=None, at=AT)
    deliver_pending(at=AT)
    assert not IndicatorValue.objects.filter(stale=True).exists()


def test_a_lost_dataset_breaks_exactly_its_dependents_and_its_return_heals_them(
    region, monkeypatch
):
    indicator("higher", HIGHER)
    indicator("twice", 'indicator("higher") * 2')
    indicator("ratio", RATIO)
    freshness.recompute(at=AT)
    with monkeypatch.context() as patch:
        patch.delitem(kernel_datasets._datasets, "staff")
        assert freshness.review(at=AT) == (["higher", "twice"], [])
        assert freshness.review(at=AT) == ([], [])
        states = dict(Indicator.objects.values_list("code", "state"))
        assert states == {"higher": "broken", "twice": "broken", "ratio": "fresh"}
        assert "staff" in Indicator.objects.get(code="higher").why
        assert "Higher" in Indicator.objects.get(code="twice").why
        freshness.recompute(at=AT)  # what is broken is left as it was
        assert value("higher").value == Decimal("66.67")
    assert sorted(freshness.review(at=AT)[1]) == ["higher", "twice"]
    freshness.recompute(at=AT)
    assert set(Indicator.objects.values_list("state", flat=True)) == {"fresh"}


def test_a_deleted_indicator_breaks_its_dependents_until_it_is_there_again(region, operator):
    first = indicator("higher", HIGHER)
    indicator("twice", 'indicator("higher") * 2')
    indicator("ratio", RATIO)
    freshness.recompute(at=AT)
    with pytest.raises(ValidationError):
        delete_indicator(indicator=first.pk, at=AT, actor=operator, reason=" ")
    broken = delete_indicator(indicator=first.pk, at=AT, actor=operator, reason="Не нужен")
    assert [i.code for i in broken] == ["twice"]
    assert dict(Indicator.objects.values_list("code", "state")) == {
        "twice": "broken", "ratio": "fresh",
    }  # fmt: skip
    entry = AuditEntry.objects.get(action="reporting.indicator.deleted")
    assert entry.data["dependents"] == ["twice"]
    why = Indicator.objects.get(code="twice").why
    assert why == f"показатель «{first.title}» удалён", "its name, not its code"
    indicator("higher", HIGHER)
    freshness.recompute(at=AT)
    assert Indicator.objects.get(code="twice").state == "fresh"
    assert value("twice").value == Decimal("133.34")


def test_a_change_keeps_its_history_and_an_old_form_is_refused(region, operator):
    first = indicator("higher", HIGHER)
    indicator("twice", 'indicator("higher") * 2')
    freshness.recompute(at=AT)
    change = {"title": "Доля", "plan": {"2026": "70"}}
    change_indicator(indicator=first.pk, edition=1, fields=change, at=AT, actor=operator)
    assert not IndicatorValue.objects.filter(stale=True).exists()  # words change no value
    change_indicator(
        indicator=first.pk, edition=2, fields={"places": 0}, at=AT, actor=operator, reason="Кратко"
    )
    codes = IndicatorValue.objects.filter(stale=True).values_list("indicator__code", flat=True)
    assert set(codes) == {"higher", "twice"}
    assert history_of(first)[0].state["places"] == 0
    with pytest.raises(ValidationError):
        change_indicator(indicator=first.pk, edition=1, fields={"places": 1}, at=AT, actor=operator)
    freshness.recompute(at=AT)
    assert value("higher").value == 67
    assert value("twice").value == 134


def test_levels_taken_away_take_their_values_along(region):
    first = indicator("higher", HIGHER)
    freshness.recompute(at=AT)
    change_indicator(
        indicator=first.pk, edition=1, fields={"levels": ["region"]}, at=AT, actor=None
    )
    freshness.recompute(at=AT)
    assert not IndicatorValue.objects.exclude(organisation=None, municipality=None).exists()


def test_a_new_school_gets_its_values(region):
    indicator("higher", HIGHER)
    freshness.recompute(at=AT)
    school = OrganisationFactory(municipality=MunicipalityFactory(), since=date(2026, 11, 1))
    freshness.mark({"higher"}, organisations=[school.pk])
    freshness.recompute(at=AT)
    assert value("higher", organisation=school).value is None


def test_inputs_are_found_by_their_dependents(region):
    indicator("higher", HIGHER)
    indicator("twice", 'indicator("higher") * 2')
    assert freshness.dependents("dataset", {"staff"}) == {"higher", "twice"}
    assert freshness.dependents("dataset", {"contingent"}) == set()
    assert IndicatorInput.objects.count() == 2


def test_marking_waits_for_computing_and_neither_stops_the_other(transactional_db):
    """An event in the middle of the computing is not lost, and nobody is chosen as a victim."""
    school = OrganisationFactory()
    indicator("schools", 'count("passport")')
    freshness.recompute(at=AT)
    freshness.mark({"schools"})
    began, errors = threading.Event(), []

    def event():
        began.wait(10)
        try:
            freshness.mark({"schools"}, organisations=[school.pk])
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    other = threading.Thread(target=event)
    other.start()
    with transaction.atomic():
        freshness.alone()  # as the job does
        began.set()
        time.sleep(0.5)
        Indicator.objects.update(state="fresh")
        IndicatorValue.objects.update(stale=False)
    other.join(20)
    assert not errors
    assert value("schools", organisation=school).stale
    assert Indicator.objects.get().state == "stale"


def test_only_what_is_divided_by_and_not_there_is_named(region):
    """«no data» names the divisors that are missing, not the other figures of the formula."""
    formula = (
        'total("facilities", "computers_teaching") * 100 / (count("contingent")'
        ' * total("costs", "total", {"year": 2017}))'
    )
    indicator("cheap", formula)
    freshness.recompute(at=AT)
    found = value("cheap")
    assert found.value is None
    assert found.why == "нет данных: Расходы: все расходы (год: 2017)"


def test_every_shipped_indicator_has_a_value_or_says_what_is_missing(region):
    add_shipped(at=AT, actor=None)
    freshness.recompute(at=AT)
    kept = IndicatorValue.objects.filter(indicator__state="fresh")
    assert kept.values("indicator").distinct().count() == Indicator.objects.count() == 24
    silent = ("нет данных: ", "записи не дают ответа")
    for one in kept.select_related("indicator"):
        told = one.value is not None or one.why.startswith(silent)
        assert told, (one.indicator.code, one.why)
