"""Forms made, changed by two at once, put in force, carried over, withdrawn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from sreda.kernel.api import Actor, AuditEntry
from sreda.kernel.models import OutboxEvent
from sreda.registry.api import Role
from sreda.reporting.domain import carrying, dictionaries, drafts
from sreda.reporting.domain import forms as domain
from sreda.reporting.forms import Block, BlockKind, CellType, Field, Option, Row, Schema, Section
from sreda.reporting.forms.carry import Fate
from sreda.reporting.forms.edit import Place, part_at
from sreda.reporting.models import (
    Campaign,
    Consolidation,
    DraftStep,
    Form,
    FormVersion,
    Submission,
    SubmissionStep,
    Value,
)
from sreda.reporting.queries.audience import covers, reach
from sreda.reporting.queries.burden import total, yearly
from tests.factories import OrganisationFactory, seated

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROOMS = Block(
    "rooms",
    "Помещения",
    BlockKind.TABLE,
    (Field("total", "Кабинетов"), Field("area", "Площадь", CellType.DECIMAL, places=1)),
    (Row("all", "Всего"), Row("ict", "Из них компьютерных")),
)
STAFF = Block(
    "staff",
    "Персонал",
    BlockKind.FIELDS,
    (Field("teachers", "Штат", source='count("staff", {"role": "teacher"})'),),
)
SCHEMA = Schema((Section("main", "Основное", blocks=(ROOMS, STAFF)),))


@pytest.fixture
def operator() -> Actor:
    return seated(Role.OPERATOR)


@pytest.fixture
def other() -> Actor:
    return seated(Role.OPERATOR)


def made(actor: Actor, schema: Schema = SCHEMA, code: str = "rooms_form", **values: Any) -> Form:
    given = {**domain.DEFAULTS, "title": "Помещения", **values}
    return domain.add_form(code=code, values=given, schema=schema, actor=actor, at=AT)


def draft_of(form: Form) -> FormVersion:
    return form.versions.get(status="draft")


def in_force(form: Form, actor: Actor) -> FormVersion:
    draft = draft_of(form)
    return domain.publish_version(draft, edition=draft.edition, actor=actor, at=AT)


def test_changes_of_two_go_together_where_they_do_not_touch(operator: Actor, other: Actor) -> None:
    draft = draft_of(made(operator))
    seen = draft.edition
    row, field = Place("row", "all", "rooms"), Place("field", "area", "rooms")
    drafts.amend(draft, row, {"title": "Итого"}, edition=seen, actor=operator, at=AT)
    saved = drafts.amend(draft, field, {"unit": "м²"}, edition=seen, actor=other, at=AT)
    assert [step.by_name for step in saved.others] == [operator.name]
    schema = saved.version.schema
    assert schema.blocks["rooms"].rows[0].title == "Итого"
    assert schema.blocks["rooms"].fields[1].unit == "м²"


def test_the_same_thing_changed_by_two_stops_the_second(operator: Actor, other: Actor) -> None:
    draft = draft_of(made(operator))
    seen, place = draft.edition, Place("field", "area", "rooms")
    drafts.amend(draft, place, {"title": "Площадь, всего", "unit": "м²"}, edition=seen,
                 actor=operator, at=AT)  # fmt: skip
    # the second did not touch the unit: it keeps what the first made of it
    with pytest.raises(drafts.Stale) as stale:
        drafts.amend(draft, place, {"title": "Метры", "unit": ""}, edition=seen, actor=other, at=AT)
    assert stale.value.differs == [("title", "Площадь", "Площадь, всего", "Метры")]
    assert stale.value.by == [operator.name]
    draft.refresh_from_db()
    saved = drafts.amend(
        draft, place, {"title": "Метры"}, edition=draft.edition, actor=other, at=AT
    )
    field = part_at(saved.version.schema, place)
    assert isinstance(field, Field)
    assert (field.title, field.unit) == ("Метры", "м²")


def test_what_another_changed_is_not_deleted_unseen(operator: Actor, other: Actor) -> None:
    draft = draft_of(made(operator))
    seen = draft.edition
    place = Place("field", "teachers", "staff")
    drafts.amend(draft, place, {"help": "По штату"}, edition=seen, actor=operator, at=AT)
    with pytest.raises(drafts.Stale):
        drafts.remove(draft, Place("block", "staff"), edition=seen, actor=other, at=AT)
    drafts.remove(draft, Place("row", "ict", "rooms"), edition=seen, actor=other, at=AT)
    with pytest.raises(drafts.Stale):  # it is not there any more
        drafts.amend(draft, Place("row", "ict", "rooms"), {"title": "К"}, edition=seen,
                     actor=operator, at=AT)  # fmt: skip


def test_changes_are_taken_back_one_by_one(operator: Actor) -> None:
    draft = draft_of(made(operator))
    for title in ("А", "Б"):
        place = Place("section", "main")
        draft.refresh_from_db()
        drafts.amend(draft, place, {"title": title}, edition=draft.edition, actor=operator, at=AT)
    titles = []
    for _turn in range(3):
        draft = FormVersion.objects.get(pk=draft.pk)
        titles.append(draft.schema.sections[0].title)
        drafts.undo(draft, edition=draft.edition, actor=operator, at=AT)
    assert titles == ["Б", "А", "Основное"]
    draft.refresh_from_db()
    assert drafts.undo(draft, edition=draft.edition, actor=operator, at=AT) is None


def test_a_code_is_not_given_twice(operator: Actor) -> None:
    form = made(operator)
    draft = draft_of(form)
    with pytest.raises(ValidationError) as wrong:
        drafts.insert(draft, Field("area", "Ещё площадь"), under="rooms", edition=draft.edition,
                      actor=operator, at=AT)  # fmt: skip
    assert "code" in wrong.value.error_dict
    with pytest.raises(ValidationError):
        drafts.amend(draft, Place("field", "area", "rooms"), {"code": "total"},
                     edition=draft.edition, actor=operator, at=AT)  # fmt: skip
    with pytest.raises(ValidationError):
        made(operator, code=form.code)


def test_a_version_is_put_in_force_with_its_cells(operator: Actor) -> None:
    form = made(operator)
    version = in_force(form, operator)
    cells = {cell.key: cell for cell in version.cells.all()}
    assert list(cells) == [
        "rooms.all.total", "rooms.all.area", "rooms.ict.total", "rooms.ict.area", "staff.teachers",
    ]  # fmt: skip
    # a plain source says by itself which piece of knowledge it takes
    assert cells["staff.teachers"].element == "staff.posts[role=teacher]"
    assert not DraftStep.objects.filter(version=version).exists()
    with pytest.raises(ValidationError):
        drafts.amend(version, Place("section", "main"), {"title": "Х"}, edition=version.edition,
                     actor=operator, at=AT)  # fmt: skip
    second = domain.begin_draft(form, actor=operator, at=AT)
    assert (second.number, second.content) == (2, version.content)
    assert domain.begin_draft(form, actor=operator, at=AT).pk == second.pk
    domain.publish_version(second, edition=second.edition, actor=operator, at=AT)
    version.refresh_from_db()
    assert version.status == "retired"
    assert AuditEntry.objects.filter(action="reporting.version.published").count() == 2


def test_a_faulty_draft_is_not_put_in_force(operator: Actor) -> None:
    broken = Schema((Section("main", "О", blocks=(
        Block("b", "Б", BlockKind.FIELDS, (Field("x", "Икс", source='count("nothing", {})'),)),
    )),))  # fmt: skip
    draft = draft_of(made(operator, broken))
    with pytest.raises(domain.NotReady) as wrong:
        domain.publish_version(draft, edition=draft.edition, actor=operator, at=AT)
    assert [problem.place for problem in wrong.value.found] == ["b.x"]
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_drafts_go_and_published_forms_stay(operator: Actor) -> None:
    form = made(operator)
    assert domain.delete_draft(draft_of(form), actor=operator, at=AT) is None
    assert not Form.objects.filter(pk=form.pk).exists()
    form = made(operator)
    version = in_force(form, operator)
    with pytest.raises(ValidationError):
        domain.delete_draft(version, actor=operator, at=AT)
    second = domain.begin_draft(form, actor=operator, at=AT)
    assert domain.delete_draft(second, actor=operator, at=AT) == form


def campaign_of(version: FormVersion) -> Campaign:
    return Campaign.objects.create(
        version=version, title="2026", period_start=date(2026, 1, 1), period_end=date(2026, 12, 31),
        as_of=date(2026, 9, 20), opens_on=date(2026, 9, 20), due_on=date(2026, 10, 20),
        status="open", opened_at=AT, made_at=AT,
    )  # fmt: skip


def typed(report: Submission, key: str, **value: Any) -> Value:
    cell = report.campaign.version.cells.get(key=key)
    return Value.objects.create(
        submission=report, cell=cell, origin="typed", edition=1, edited_at=AT, **value
    )


def test_a_form_that_is_asked_is_not_withdrawn(operator: Actor) -> None:
    form = made(operator)
    campaign = campaign_of(in_force(form, operator))
    with pytest.raises(ValidationError):
        domain.withdraw(form, actor=operator, at=AT)
    Campaign.objects.filter(pk=campaign.pk).update(status="closed", closed_at=AT)
    domain.withdraw(form, actor=operator, at=AT)
    form.refresh_from_db()
    assert form.withdrawn_at == AT
    domain.restore(form, actor=operator, at=AT)


def test_a_running_campaign_goes_over_with_its_values(operator: Actor) -> None:
    form = made(operator)
    version = in_force(form, operator)
    campaign = campaign_of(version)
    school = OrganisationFactory()
    report = Submission.objects.create(
        campaign=campaign, organisation=school, municipality=school.municipality,
        status="submitted", submitted_at=AT,
    )  # fmt: skip
    typed(report, "rooms.all.total", number=Decimal(12))
    typed(report, "rooms.all.area", number=Decimal("640.5"))
    typed(report, "rooms.ict.total", number=Decimal(2))

    draft = domain.begin_draft(form, actor=operator, at=AT)
    steps: list[tuple[Place, dict[str, Any]]] = [
        (Place("row", "all", "rooms"), {"code": "whole", "title": "Итого"}),
        (Place("field", "area", "rooms"), {"type": CellType.INTEGER, "places": 0}),
    ]
    for place, values in steps:
        draft.refresh_from_db()
        drafts.amend(draft, place, values, edition=draft.edition, actor=operator, at=AT)
    draft = FormVersion.objects.get(pk=draft.pk)
    assert draft.moves["rooms.all.total"] == "rooms.whole.total"
    second = domain.publish_version(draft, edition=draft.edition, actor=operator, at=AT)

    summed = Consolidation.objects.create(
        campaign=campaign, municipality=school.municipality, stale=False, counted=1,
        submitted_at=AT, digest="d",
    )  # fmt: skip
    seen = carrying.foreseen(campaign, second)
    assert seen.counts == {Fate.KEPT: 2, Fate.DROPPED: 1}
    assert seen.lost == [(school.short_name, "Всего: Площадь", "640.5")]
    done = carrying.carry_over(campaign, second, actor=operator, at=AT)
    assert done.counts == seen.counts

    report.refresh_from_db()
    kept = {v.cell.key: v.number for v in report.values.select_related("cell")}
    assert kept == {"rooms.whole.total": Decimal(12), "rooms.ict.total": Decimal(2)}
    step = SubmissionStep.objects.get(submission=report, kind="carried")
    assert step.content == {"rooms.all.area": "640.5"}  # nothing is lost
    assert report.status == "filling"  # it was handed in with a value that is no more
    summed.refresh_from_db()  # nor do the sums over it stand as handed in
    assert (summed.submitted_at, summed.stale) == (None, True)
    told = OutboxEvent.objects.get(type="reporting.report.counted").payload
    assert (told["submission_id"], told["counted"]) == (str(report.pk), False)
    campaign.refresh_from_db()
    assert campaign.version_id == second.pk
    assert not carrying.carry_over(campaign, second, actor=operator, at=AT).counts


def test_where_values_go_can_be_said_by_hand(operator: Actor) -> None:
    form = made(operator)
    in_force(form, operator)
    draft = domain.begin_draft(form, actor=operator, at=AT)
    drafts.connect(draft, "rooms.ict.total", "rooms.all.total", edition=draft.edition,
                   actor=operator, at=AT)  # fmt: skip
    draft.refresh_from_db()
    assert draft.moves == {"rooms.ict.total": "rooms.all.total"}
    with pytest.raises(ValidationError):
        drafts.connect(draft, "rooms.ict.total", "no.such", edition=draft.edition,
                       actor=operator, at=AT)  # fmt: skip


def test_options_in_use_are_not_taken_away(operator: Actor) -> None:
    options = [Option("a", "Первый"), Option("b", "Второй")]
    made_one = dictionaries.add_dictionary(
        code="kinds", title="Виды", options=options, actor=operator, at=AT
    )
    asked = Block("b", "Б", BlockKind.FIELDS,
                  (Field("k", "Вид", CellType.CHOICE, dictionary="kinds"),))  # fmt: skip
    form = made(operator, Schema((Section("main", "О", blocks=(asked,)),)))
    in_force(form, operator)
    with pytest.raises(ValidationError):
        dictionaries.change_dictionary(made_one, edition=1, title="Виды", options=options[:1],
                                       actor=operator, at=AT)  # fmt: skip
    more = [*options, Option("c", "Третий")]
    changed = dictionaries.change_dictionary(
        made_one, edition=1, title="Виды", options=more, actor=operator, at=AT
    )
    assert changed.edition == 2
    with pytest.raises(dictionaries.Stale):
        dictionaries.change_dictionary(made_one, edition=1, title="В", options=more,
                                       actor=operator, at=AT)  # fmt: skip
    with pytest.raises(ValidationError):
        dictionaries.delete_dictionary(changed, actor=operator, at=AT)
    with pytest.raises(ValidationError):
        dictionaries.checked([Option("a", "А"), Option("a", "Б")])


def test_burden_is_minutes_of_everybody_in_a_year(operator: Actor) -> None:
    for _n in range(3):
        OrganisationFactory()
    OrganisationFactory(kind="college")
    OrganisationFactory(until=AT.date() - timedelta(days=1))
    form = made(operator, audience={"kinds": ["school"]}, period_kind="quarter")
    version = in_force(form, operator)
    (found,) = yearly([(form, version)], AT.date())
    assert (found.organisations, found.times) == (3, 4)
    # two integers, two decimals, one filled cell to read
    once = Decimal(2) * 1 + 2 * Decimal("1.5") + Decimal("0.1")
    assert found.asked == once * 3 * 4
    assert total(AT.date()) == (found.asked, found.saved)


def test_audiences_are_counted_and_compared() -> None:
    school = OrganisationFactory()
    OrganisationFactory(kind="college", municipality=school.municipality)
    place = str(school.municipality_id)
    counts = reach(
        [{}, {"kinds": ["school"]}, {"municipalities": [place]},
         {"organisations": [str(school.pk)]},
         {"kinds": ["college"], "organisations": [str(school.pk)]}],
        AT.date(),
    )  # fmt: skip
    assert counts == [2, 1, 2, 1, 0]
    assert covers({}, {"kinds": ["school"]})
    assert covers({"kinds": ["school", "college"]}, {"kinds": ["school"]})
    assert not covers({"kinds": ["school"]}, {})
    assert not covers({"municipalities": [place]}, {"kinds": ["school"]})


def test_what_was_taken_back_is_brought_back_until_something_else_is_changed(
    operator: Actor,
) -> None:
    draft = draft_of(made(operator))
    place = Place("section", "main")

    def now() -> FormVersion:
        return FormVersion.objects.get(pk=draft.pk)

    def act(do) -> str:
        found = now()
        do(found, edition=found.edition, actor=operator, at=AT)
        return now().schema.sections[0].title

    def entitle(title: str) -> str:
        return act(lambda found, **more: drafts.amend(found, place, {"title": title}, **more))

    for title in ("А", "Б"):
        entitle(title)
    assert [act(drafts.undo), act(drafts.undo)] == ["А", "Основное"]
    assert [act(drafts.redo), act(drafts.redo), act(drafts.redo)] == ["А", "Б", "Б"]
    assert drafts.taken_back(now()) is None
    # what was brought back is taken back again as any change
    assert [act(drafts.undo), act(drafts.undo), act(drafts.redo)] == ["А", "Основное", "А"]
    assert entitle("В") == "В"
    assert drafts.taken_back(now()) is None
    assert act(drafts.redo) == "В"
    assert [act(drafts.undo), act(drafts.undo)] == ["А", "Основное"]
    with pytest.raises(drafts.Stale):
        drafts.redo(now(), edition=1, actor=operator, at=AT)
