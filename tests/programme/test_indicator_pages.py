"""Pages of indicators, implementations and scenarios: who sees what, and what is refused."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from tests.factories import OrganisationFactory, seated
from tests.programme.kemerovo import write_kemerovo

from sreda.programme.models import Implementation, Scenario
from sreda.registry.api import Role, User

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Novokuznetsk"))


@pytest.fixture
def programme():
    return write_kemerovo(AT)


@pytest.fixture
def sign_in(client):
    def enter(role, **post):
        client.force_login(User.objects.get(pk=seated(role, **post).user_id))
        return client

    return enter


def test_the_operator_sees_plan_fact_and_lineage(programme, sign_in):
    client = sign_in(Role.OPERATOR)
    assert "Ниже плана" in client.get(reverse("programme:indicators")).content.decode()
    first = programme.indicators.first()
    page = client.get(reverse("programme:indicator", args=[first.pk])).content.decode()
    assert "число школ, у которых есть запись о внедрении" in page
    assert client.get(reverse("programme:indicators") + "?on=nonsense").status_code == 200


@pytest.mark.parametrize("name", ["indicators", "implementations", "scenario"])
def test_a_pupil_finds_nothing_there(programme, sign_in, name):
    client = sign_in(Role.TEACHER)
    assert client.get(reverse(f"programme:{name}")).status_code == 404


def test_a_head_sees_indicators_but_only_their_own_implementation(programme, sign_in):
    mine, other = OrganisationFactory(), OrganisationFactory()
    for school in (mine, other):
        Implementation.objects.create(
            programme=programme, organisation=school, since="2019-09-01", basis="Акт",
            recorded_at=AT,
        )  # fmt: skip
    client = sign_in(Role.HEAD, organisation=mine)
    page = client.get(reverse("programme:implementations")).content.decode()
    assert mine.short_name in page
    assert other.short_name not in page
    given = {"code": other.code, "since": "2020-01-01", "basis": "x"}
    assert client.post(reverse("programme:implementations"), given).status_code == 403
    record = Implementation.objects.get(organisation=mine)
    away = reverse("programme:withdraw", args=[record.pk])
    assert client.post(away, {"reason": "x"}).status_code == 403


def test_recording_says_what_is_wrong_and_keeps_what_was_typed(programme, sign_in):
    client, school = sign_in(Role.OPERATOR), OrganisationFactory()
    where = reverse("programme:implementations")
    wrong = client.post(where, {"code": "none", "since": "2019-09-01", "basis": "Акт 7"})
    assert wrong.status_code == 422
    assert "Акт 7" in wrong.content.decode()
    given = {"code": school.code, "since": "2019-09-01", "basis": "Акт 7"}
    assert client.post(where, given).status_code == 302
    assert client.post(where, given).status_code == 422
    record = Implementation.objects.get()
    away = reverse("programme:withdraw", args=[record.pk])
    client.post(away, {"reason": ""})
    assert Implementation.objects.exists()
    client.post(away, {"reason": "Не та школа"})
    assert not Implementation.objects.exists()


def test_a_scenario_is_asked_by_address_kept_and_opened_again(programme, sign_in):
    client, where = sign_in(Role.OPERATOR), reverse("programme:scenario")
    question = "n-2020-school=95&d-B4=fixed"
    page = client.get(f"{where}?{question}")
    assert page.context["answer"].years[1].counts["school"] == 95
    strange = client.get(f"{where}?n-2020-school=-3&n-2021-school=9999999999&d-B4=bomb")
    assert len(strange.context["wrong"]) == 2
    for _turn in range(2):
        client.post(reverse("programme:scenario_save"), {"name": "95", "question": question})
    kept = Scenario.objects.get()
    opened = client.get(reverse("programme:scenario_kept", args=[kept.pk]))
    assert "n-2020-school=95" in opened.url
    assert "d-B4=fixed" in opened.url
    client.post(reverse("programme:scenario_drop", args=[kept.pk]))
    assert not Scenario.objects.exists()


def test_exports(programme, sign_in):
    client = sign_in(Role.OPERATOR)
    first = programme.indicators.first()
    for where in (
        reverse("programme:indicators"),
        reverse("programme:indicator", args=[first.pk]),
        reverse("programme:scenario"),
        reverse("programme:implementations"),
    ):
        for kind in ("csv", "xlsx"):
            answer = client.get(f"{where}?export={kind}")
            assert answer["Content-Disposition"].endswith(f'.{kind}"')
