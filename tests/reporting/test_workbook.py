"""A report as a workbook, out and in, through all that may happen to it on the way."""

from __future__ import annotations

from io import BytesIO
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from openpyxl import load_workbook

from sreda.registry.api import Role
from sreda.reporting.domain.campaigns import close_campaign
from sreda.reporting.domain.filling import Change, save_changes
from sreda.reporting.domain.workbook import take_workbook, write_report
from tests.factories import ClassGroupFactory, EnrolmentFactory, OrganisationFactory, seated
from tests.reporting.world import AT, opened, report, values

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    school = OrganisationFactory(phone="+7 3842 11-22-33")
    EnrolmentFactory(group=ClassGroupFactory(organisation=school, grade=7))
    return school


@pytest.fixture
def head(school):
    return seated(Role.HEAD, organisation=school)


@pytest.fixture
def mine(school):
    return report(opened(), school)


def book_of(submission):
    return load_workbook(BytesIO(write_report(submission)))


def find(book, mark, column):
    """The cell in the row with this mark, under this column's mark."""
    for sheet in book.worksheets:
        columns = {}
        for row in sheet.iter_rows():
            if str(row[0].value or "").startswith("#block:"):
                columns = {str(c.value): c.column for c in row if c.value}
            if row[0].value == mark and f"#col:{column}" in columns:
                return sheet.cell(row[0].row, columns[f"#col:{column}"])
    raise AssertionError(mark)


@pytest.fixture
def send(mine, head, tmp_path):
    def sent(book, submission=mine, actor=head):
        path = tmp_path / f"{uuid4().hex}.xlsx"
        book.save(path)
        return take_workbook(submission, path, "отчёт.xlsx", actor=actor, at=AT)

    return sent


def test_it_goes_out_filled_and_comes_back_without_a_change(mine, send):
    book = book_of(mine)
    assert book["_sreda"].sheet_state == "hidden"
    assert find(book, "#row:g7", "total").value == 1
    taken = send(book)
    assert taken.faults == []
    assert taken.saved.landed == 0
    mine.refresh_from_db()
    assert mine.edition == 1


def test_good_cells_land_and_bad_ones_are_told_with_sheet_and_cell(mine, send):
    book = book_of(mine)
    find(book, "#row:shifts", "value").value = "2"
    find(book, "#row:area", "value").value = 120.5
    find(book, "#row:canteen", "value").value = "да"
    find(book, "#row:heating", "value").value = "Своё"
    seats = find(book, "#row:seats", "value")
    seats.value = "много"
    formula = find(book, "#row:note", "value")
    formula.value = "=1+1"
    taken = send(book)
    assert taken.saved.landed == 4
    found = values(mine)
    assert (found["base.shifts"], found["base.heating"]) == (2, "own")
    assert found["base.area"] * 2 == 241
    told = {p.where: p.fault.message for p in taken.faults}
    assert f"ячейка {seats.coordinate}" in next(w for w in told if seats.coordinate in w)
    assert "много" in next(m for w, m in told.items() if seats.coordinate in w)
    assert "формула" in next(m for w, m in told.items() if formula.coordinate in w)
    assert len(told) == 2


def test_shifted_rows_and_renamed_sheets_change_nothing(mine, send):
    book = book_of(mine)
    find(book, "#row:shifts", "value").value = 2
    for sheet in book.worksheets[:2]:
        sheet.title = f"Лист {sheet.title[:5]}"
        sheet.insert_rows(1, 3)
        sheet.insert_rows(12, 2)
    taken = send(book)
    assert taken.faults == []
    assert values(mine)["base.shifts"] == 2
    assert values(mine)["pupils.g7.total"] == 1


def test_rows_of_a_list_are_added_and_twice_the_same_file_is_once(mine, send, head, tmp_path):
    book = book_of(mine)
    sheet = book.worksheets[1]
    marks = [row[0].value for row in sheet.iter_rows() if str(row[0].value).startswith("#row:x")]
    find(book, marks[0], "title").value = "Хор"
    find(book, marks[0], "members").value = 12
    path = tmp_path / "a.xlsx"
    book.save(path)
    first = take_workbook(mine, path, "a.xlsx", actor=head, at=AT)
    again = take_workbook(mine, path, "a.xlsx", actor=head, at=AT)
    assert (first.saved.landed, again.saved.again) == (2, True)
    added = {k.split(".")[-1]: v for k, v in values(mine).items() if k.startswith("clubs.")}
    assert added == {"title": "Хор", "members": 12}


def test_rows_copied_with_their_hidden_marks_lose_nothing(mine, send):
    """In a list they are rows of their own; of two rows of a table or question the first counts,
    and the other is told."""
    book = book_of(mine)
    find(book, "#row:shifts", "value").value = 2
    again = find(book, "#row:note", "value")
    again.value = 3
    book.worksheets[0].cell(again.row, 1).value = "#row:shifts"
    sheet = book.worksheets[1]
    marks = [row[0] for row in sheet.iter_rows() if str(row[0].value).startswith("#row:x")]
    for mark, title in zip(marks[:2], ("Хор", "Шахматы"), strict=True):
        find(book, mark.value, "title").value = title
    marks[1].value = marks[0].value
    (placed,) = send(book).faults
    assert again.coordinate in placed.where
    assert "дважды" in placed.fault.message
    found = values(mine)
    assert found["base.shifts"] == 2
    clubs = [text for key, text in found.items() if key.startswith("clubs.")]
    assert sorted(clubs) == ["Хор", "Шахматы"]


def test_a_correction_without_a_reason_is_named(mine, send):
    book = book_of(mine)
    find(book, "#row:g7", "total").value = 5
    (placed,) = send(book).faults
    assert placed.fault.kind == "reason"
    assert placed.fault.value == "5"
    assert values(mine)["pupils.g7.total"] == 1


def test_what_others_changed_meanwhile_is_not_overwritten(mine, send, school):
    book = book_of(mine)
    colleague = seated(Role.ADMINISTRATOR, organisation=school)
    save_changes(
        mine, edition=mine.edition, changes=[Change("base.shifts", "1")], actor=colleague, at=AT,
        key=uuid4(),
    )  # fmt: skip
    find(book, "#row:shifts", "value").value = 2
    find(book, "#row:seats", "value").value = 30
    (placed,) = send(book).faults
    assert placed.fault.kind == "conflict"
    assert values(mine)["base.seats"] == 30


def test_a_workbook_of_another_organisation_is_refused(mine, send):
    book = book_of(mine)
    for row in book["_sreda"].iter_rows():
        if row[0].value == "organisation":
            row[1].value = "0000000"
        if row[0].value == "name":
            row[1].value = "Чужая школа"
    with pytest.raises(ValidationError, match="Чужая школа"):
        send(book)
    book = book_of(mine)
    del book["_sreda"]
    with pytest.raises(ValidationError):
        send(book)


def test_an_old_version_says_so_and_the_common_cells_land(mine, send):
    book = book_of(mine)
    for row in book["_sreda"].iter_rows():
        if row[0].value == "version":
            row[1].value = "0"
    find(book, "#row:shifts", "value").value = 2
    sheet = book.worksheets[0]
    sheet.cell(sheet.max_row + 1, 1).value = "#block:gone"
    taken = send(book)
    assert "0" in taken.notes[0]
    assert values(mine)["base.shifts"] == 2
    assert len(taken.faults) == 1


def test_without_the_hidden_marks_it_is_refused_with_words(mine, send):
    book = book_of(mine)
    for sheet in book.worksheets:
        if sheet.title != "_sreda":
            sheet.delete_cols(1)
    with pytest.raises(ValidationError, match="Скрытые метки"):
        send(book)


def test_a_row_that_was_put_in_is_named_and_not_guessed(mine, send):
    book = book_of(mine)
    cell = find(book, "#row:g7", "total")
    sheet = cell.parent
    sheet.insert_rows(cell.row)
    sheet.cell(cell.row, 4).value = 77
    taken = send(book)
    assert [p.fault.value for p in taken.faults] == ["77"]


def test_in_a_closed_campaign_the_cells_are_kept_as_a_draft(mine, send):
    book = book_of(mine)
    find(book, "#row:shifts", "value").value = 2
    close_campaign(mine.campaign, actor=None, at=AT)
    taken = send(book)
    assert "закрыта" in taken.saved.message
    assert values(mine)["base.shifts"] == 2


def test_not_a_workbook(mine, head, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ValidationError):
        take_workbook(mine, path, "a.xlsx", actor=head, at=AT)
