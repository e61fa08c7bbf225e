"""A form sent twice at the same moment makes one thing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from sreda.assessment.domain import bank, sittings
from sreda.assessment.domain import tests as test_domain
from sreda.kernel.models import AuditEntry
from sreda.registry.api import Role
from sreda.reporting.domain.dashboards import add_dashboard
from sreda.reporting.domain.dictionaries import add_dictionary
from sreda.reporting.domain.forms import add_form
from sreda.reporting.domain.indicators import add_indicator
from sreda.reporting.forms import Option
from tests.assessment.bank import School, choice_xml
from tests.at_once import twice
from tests.factories import seated
from tests.reporting.forms import SCHEMA
from tests.reporting.test_indicators import HIGHER

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


def _item(school: School, key: UUID) -> Any:
    return bank.add_item(
        content=choice_xml(), organisation_id=school.organisation.pk, actor=school.teacher,
        at=AT, key=key,
    )  # fmt: skip


def _test(school: School, key: UUID) -> Any:
    wanted = test_domain.Plan(title="Тест", sections=("Раздел",), places=())
    content, bound = test_domain.written(wanted, "test")
    return test_domain.add_test(
        content=content, bound=bound, organisation_id=school.organisation.pk,
        actor=school.teacher, at=AT, key=key,
    )  # fmt: skip


def _sitting(school: School, key: UUID) -> Any:
    version = school.made.current
    values = {"title": "Работа", "opens_at": AT, "closes_at": AT + timedelta(hours=1)}
    return sittings.plan_sitting(
        version=version, values=values, groups=[school.group],
        organisation_id=school.organisation.pk, actor=school.teacher, at=AT, key=key,
    )  # fmt: skip


def _dashboard(school: School, key: UUID) -> Any:
    return add_dashboard(
        fields={"title": "Доска", "level": "region"}, at=AT, actor=school.operator, key=key
    )


def _indicator(school: School, key: UUID) -> Any:
    fields = {
        "code": "I1", "title": "Показатель", "formula": HIGHER, "levels": ["region"],
    }  # fmt: skip
    return add_indicator(fields=fields, at=AT, actor=school.operator, key=key)


def _form(school: School, key: UUID) -> Any:
    values = {"title": "Форма", "kind": "report", "period_kind": "year"}
    return add_form(code="F1", values=values, schema=SCHEMA, key=key, actor=school.operator, at=AT)


def _dictionary(school: School, key: UUID) -> Any:
    return add_dictionary(
        code="d1", title="Словарь", options=[Option("a", "А")], key=key, actor=school.operator,
        at=AT,
    )  # fmt: skip


@pytest.mark.parametrize(
    "make", [_item, _test, _sitting, _dashboard, _indicator, _form, _dictionary]
)
def test_a_form_sent_twice_at_once_makes_one_thing(make: Callable[[Any, UUID], Any]) -> None:
    school: Any = School(AT)
    school.operator = seated(Role.OPERATOR)
    school.made = school.test([school.item(choice_xml())]) if make is _sitting else None
    key = uuid4()
    one, other = twice(lambda: make(school, key))
    assert not isinstance(other, Exception), other
    assert one.pk == other.pk == key
    assert AuditEntry.objects.filter(object_id=key, action__endswith=".added").count() <= 1
