"""Tables of organisations."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.factories import MunicipalityFactory, OrganisationFactory, seated

from sreda.kernel.api import TABLES, store
from sreda.kernel.models import OutboxEvent
from sreda.registry.api import Organisation, Role
from sreda.registry.domain.organisations_import import ORGANISATIONS_TABLE as TABLE
from sreda.registry.domain.table_import import (
    apply_table,
    bad_of_table,
    bad_table,
    cancel_table,
    preview_table,
    stage_table,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 5, tzinfo=UTC)
HEAD = ["Код", "Вид", "Форма собственности", "Муниципалитет", "Полное наименование",
        "Краткое наименование", "Индекс", "Населённый пункт", "Адрес", "Сельская", "Сайт",
        "Работает с"]  # fmt: skip


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def place():
    return MunicipalityFactory(name="Юргинский городской округ")


def row(code="4200001", **cells):
    known = dict(zip(HEAD, [
        code, "школа", "муниципальная", "Юргинский городской округ", "Школа полностью",
        "Школа № 1", "652050", "Юрга", "ул. Ленина, д. 1", "нет", "https://school.example/",
        "01.09.1990",
    ], strict=True))  # fmt: skip
    return [(known | cells)[name] for name in HEAD]


def stage(*rows, actor=None):
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([HEAD, *rows])
    upload = SimpleUploadedFile("organisations.csv", out.getvalue().encode())
    file = store(upload, at=AT, actor=None, kinds=TABLES)
    return stage_table(TABLE, file, actor=actor or seated(Role.OPERATOR), at=AT)


def take(*rows, only_good=False):
    actor = seated(Role.OPERATOR)
    return apply_table(TABLE, stage(*rows), actor=actor, at=AT, only_good=only_good)


def counts(imported):
    return imported.new, imported.changed, imported.unchanged, imported.bad


def test_new_organisations_are_added_and_the_same_table_changes_nothing(place):
    assert counts(take(row(), row("4200002"))) == (2, 0, 0, 0)
    school = Organisation.objects.get(code="4200001")
    assert (school.municipality, school.kind, school.since) == (place, "school", date(1990, 9, 1))
    before = list(Organisation.objects.order_by("pk").values())
    assert counts(take(row(), row("4200002"))) == (0, 0, 2, 0)
    assert list(Organisation.objects.order_by("pk").values()) == before
    assert OutboxEvent.objects.filter(type="registry.organisation.added").count() == 2


def test_changes_are_shown_before_they_are_made(place):
    take(row())
    imported = stage(row(Адрес="ул. Мира, д. 2"))
    [item] = preview_table(TABLE, imported, actor=seated(Role.OPERATOR), at=AT)
    assert item.differing == {"address": ("ул. Ленина, д. 1", "ул. Мира, д. 2")}
    assert Organisation.objects.get(code="4200001").address == "ул. Ленина, д. 1"
    apply_table(TABLE, imported, actor=seated(Role.OPERATOR), at=AT, only_good=False)
    school = Organisation.objects.get(code="4200001")
    assert (school.address, school.edition) == ("ул. Мира, д. 2", 2)


def test_every_fault_names_its_row_and_column(place):
    imported = stage(
        row(""),
        row("1", Вид="цирк"),
        row("2", Муниципалитет="Нигде"),
        row("3", Индекс="12"),
        row("4", Сайт="не адрес"),
        row("5", **{"Работает с": "31.02.2000"}),
        row("6"),
        row("6"),
        row("7", **{"Полное наименование": ""}),
    )
    found = {(r.line, column) for r in bad_of_table(imported) for column, *_ in r.faults}
    assert found == {
        (2, "code"), (3, "kind"), (4, "municipality"), (5, "postcode"), (6, "website"),
        (7, "since"), (9, "code"), (10, "name"),
    }  # fmt: skip
    assert len(list(bad_table(TABLE, imported))) == 9
    with pytest.raises(ValidationError):
        apply_table(TABLE, imported, actor=seated(Role.OPERATOR), at=AT, only_good=False)
    assert not Organisation.objects.filter(code="6").exists()
    apply_table(TABLE, imported, actor=seated(Role.OPERATOR), at=AT, only_good=True)
    assert Organisation.objects.filter(municipality=place).count() == 1


def test_a_formula_is_refused_where_it_stands(place):
    imported = stage(row(**{"Полное наименование": "=1+1"}), row("4200002"))
    (bad,) = imported.bad_rows.all()
    assert [fault[:2] for fault in bad.faults] == [["name", "=1+1"]]


def test_only_the_operator_imports_organisations(place):
    with pytest.raises(PermissionDenied):
        stage(row(), actor=seated(Role.HEAD, organisation=OrganisationFactory()))


def test_a_dropped_import_stays_dropped(place):
    actor = seated(Role.OPERATOR)
    imported = cancel_table(stage(row()), actor=actor, at=AT)
    with pytest.raises(ValidationError):
        apply_table(TABLE, imported, actor=actor, at=AT, only_good=True)
    assert not Organisation.objects.filter(code="4200001").exists()
