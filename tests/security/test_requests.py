"""Hostile addresses, forms and cookies; what browsers may keep."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from sreda.programme.api import load_demo_programme
from sreda.registry.api import Role
from tests.factories import PostFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    client = Client(raise_request_exception=False)
    post = PostFactory.create(role=Role.OPERATOR, organisation=None)
    client.force_login(UserFactory.create(person=post.person))
    return client


@pytest.mark.parametrize(
    "address",
    [
        "/organisations/?q=a%00b",
        "/organisations/%00/",
        "/registry/people/?q=%00",
        "/cabinet/audit/?q=%00",
    ],
)
def test_nul_in_an_address_is_no_server_error(operator: Client, address: str) -> None:
    assert operator.get(address).status_code == 400


def test_nul_in_a_form_is_no_server_error(operator: Client) -> None:
    answer = operator.post(reverse("registry:person_add"), {"family_name": "a\0b"})
    assert answer.status_code == 400


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "0000-00-00"])
@pytest.mark.parametrize("end", ["since", "until"])
def test_days_at_the_ends_of_the_calendar(operator: Client, end: str, day: str) -> None:
    assert operator.get(reverse("audit"), {end: day}).status_code == 200
    assert operator.get(reverse("registry:people"), {"on": day}).status_code == 200


def test_a_number_of_thousands_of_digits_in_a_scenario(operator: Client) -> None:
    from sreda.kernel import clock

    load_demo_programme(at=clock.now())
    answer = operator.get(reverse("programme:scenario"), {"n-2019-school": "9" * 5000})
    assert answer.status_code == 200


def test_pages_of_the_signed_in_are_kept_nowhere(operator: Client) -> None:
    for name in ("cabinet", "registry:people", "home"):
        assert operator.get(reverse(name))["Cache-Control"] == "private, no-store"
    export = operator.get(reverse("registry:people"), {"export": "csv"})
    assert export["Cache-Control"] == "private, no-store"


def test_open_data_may_be_kept_by_everyone(client: Client) -> None:
    assert "public" in client.get("/opendata/region.csv")["Cache-Control"]
    assert "no-store" not in client.get(reverse("home")).get("Cache-Control", "")


def test_an_edition_of_thousands_of_digits(operator: Client) -> None:
    from sreda.kernel import clock
    from sreda.programme.models import Action

    load_demo_programme(at=clock.now())
    action = Action.objects.all()[0]
    fields = {"edition": "9" * 5000, "note": "x"}
    answer = operator.post(reverse("programme:action_note", args=[action.pk]), fields)
    assert answer.status_code < 500
