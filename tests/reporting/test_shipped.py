"""The forms that come with the system: whole, filled from a region's records, kept as files."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sreda.config.management.commands.demo import listed_organisations
from sreda.registry.api import Organisation
from sreda.registry.generator import Region, load, region
from sreda.reporting.domain import files
from sreda.reporting.domain.forms import DEFAULTS, add_form, publish_version
from sreda.reporting.expressions import CompiledForm
from sreda.reporting.formats import read_json, write_json
from sreda.reporting.forms import Block, BlockKind, Field, Schema, Section
from sreda.reporting.models import Form, FormCell, FormVersion
from sreda.reporting.queries.trying import filled, world_for
from sreda.reporting.queries.vetting import problems, schema_problems

ON = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)
CODES = sorted(files.shipped())


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_form_hangs_together(code: str) -> None:
    text = files.shipped()[code].read_text(encoding="utf-8")
    form = read_json(text)
    assert form.code == code
    assert not list(schema_problems(form.schema, form_of=None))
    assert write_json(form) == text  # as the designer would export it
    used = {f.dictionary for b in form.schema.blocks.values() for f in b.fields} - {""}
    assert used == set(form.dictionaries)
    # every check says in words what is wrong, and names a cell to look at
    assert form.schema.checks or form.kind == "survey"
    assert all(check.cells and check.message.endswith(".") for check in form.schema.checks)


@pytest.mark.django_db
def test_shipped_forms_are_put_in_force_once_and_ask_nothing_twice() -> None:
    done = files.load_all_shipped(actor=None, at=AT)
    assert set(done.values()) == {"added"}
    assert set(files.load_all_shipped(actor=None, at=AT).values()) == {"known"}
    assert Form.objects.count() == len(CODES) == 7
    for version in FormVersion.objects.select_related("form"):
        assert version.status == "published"
        assert not [p for p in problems(version, on=ON) if p.stops]
        assert version.cells.count() == version.cell_count
    assert FormCell.objects.filter(element="contingent.learners[grade=5,sex=female]").exists()


@pytest.mark.django_db
def test_a_shipped_form_that_asks_what_another_asks_stays_a_draft() -> None:
    dining = Field("seats", "Места в столовой", element="rooms.dining_seats")
    asked = Schema((Section("s", "С", blocks=(Block("b", "Б", BlockKind.FIELDS, (dining,)),)),))
    form = add_form(
        code="mine", values={**DEFAULTS, "title": "Своя"}, schema=asked, actor=None, at=AT
    )
    publish_version(form.versions.get(), edition=1, actor=None, at=AT)
    assert files.load_shipped(files.shipped()["oo2"], actor=None, at=AT) == "draft"
    assert FormVersion.objects.get(form__code="oo2").status == "draft"


@pytest.mark.django_db
def test_the_yearly_form_is_filled_by_more_than_four_fifths() -> None:
    load(Region(region("small", listed_organisations()), seed=7, on=ON), at=AT, password="x")
    files.load_all_shipped(actor=None, at=AT)
    shares: dict[str, Decimal] = {}
    for version in FormVersion.objects.filter(form__kind="report").select_related("form"):
        schema = version.schema
        asked = version.form.audience["kinds"]
        organisations = list(
            Organisation.objects.filter(kind__in=asked).select_related("municipality")
        )
        single = [key for key, cell in schema.cells.items() if not cell.listed]
        counts = []
        compiled = CompiledForm(schema)
        world = world_for(version, organisations, ON)
        for pk, (cells, found) in filled(version, organisations, ON).items():
            assert not found.faults, (version.form.code, found.faults)
            counts.append(len(found.values))
            broken = [r.check.code for r in compiled.run_checks(world, pk, cells) if r.fault]
            assert not broken, (version.form.code, broken)
        shares[version.form.code] = Decimal(100) * sum(counts) / (len(counts) * len(single))
    assert shares["oo1"] > 80
    assert shares["spo1"] > 80
    assert shares["readiness"] > 80
    school = Organisation.objects.filter(kind="school").order_by("-size__learners").first()
    assert school is not None
    form = FormVersion.objects.get(form__code="oo1")
    cells, _found = filled(form, [school], ON)[school.pk]
    assert cells.single["classes.all.learners"] == school.size.learners
    assert cells.single["staff.teachers.total"] == school.size.teachers
    assert cells.single["classes.all.groups"] == school.size.groups
    # what the registry does not hold is asked, not made up
    assert "special.l1.ovz" not in cells.single
    assert "special.all.ovz" not in cells.single


def test_a_form_is_checked_from_a_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = files.shipped()["readiness"]
    call_command("reporting", "check", str(good))
    broken = json.loads(good.read_text(encoding="utf-8"))
    broken["schema"]["sections"][0]["blocks"][0]["fields"][0]["source"] = 'value("passport", "no")'
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        call_command("reporting", "check", str(path))
    assert ended.value.code == 1
    assert "entry.name" in capsys.readouterr().out
    for content in ("{", '{"sreda": "form", "format": 1, "code": "a", "title": "A", "colour": 1}'):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            call_command("reporting", "check", str(path))
        assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        call_command("reporting", "check", str(tmp_path / "none.json"))
    assert ended.value.code == 2
    with pytest.raises((SystemExit, CommandError)):
        call_command("reporting", "load-forms", "nothing")


@pytest.mark.parametrize("code", CODES)
def test_means_and_rates_are_not_added_up_over_schools(code: str) -> None:
    schema = read_json(files.shipped()[code].read_text(encoding="utf-8")).schema
    for cell in schema.cells.values():
        said = f"{cell.title} ".lower()
        if "средняя " in said or "на одного " in said:
            assert not cell.field.adds_up, cell.key
