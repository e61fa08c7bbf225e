"""The shipped pack against the text of the order itself, mechanically."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sreda.programme.pack import TABLES, Pack, read_pack, shipped_pack
from sreda.programme.pack.values import tidy

TEXT = (Path(__file__).parent / "data/order-490r-2018.txt").read_text(encoding="utf-8")
FLAT = tidy(TEXT)


@pytest.fixture(scope="module")
def pack() -> Pack:
    reading = read_pack(shipped_pack("kemerovo-2018"))
    assert reading.issues == ()
    assert reading.pack
    return reading.pack


def cells(start: str, end: str) -> list[str]:
    """The non-empty table cells of the order between two marks."""
    part = TEXT[TEXT.index(start) :]
    part = part[: part.index(end)] if end else part
    found = [tidy(cell) for cell in re.split(r"\n ?\t", part)]
    return [cell for cell in found if cell]


def printed(pack: Pack, table: str, *columns: str) -> list[list[str]]:
    return [[row.cell(column).printed for column in columns] for row in pack[table]]


def by_tens(flat: list[str], size: int) -> list[list[str]]:
    assert len(flat) % size == 0
    return [flat[i : i + size] for i in range(0, len(flat), size)]


LIST = ("number", "name", "address", "learners", "link", "network", "computers",
        "office_computers", "management_system", "ratio")  # fmt: skip


def test_every_cell_of_the_list(pack: Pack) -> None:
    found = cells("\tОбщеобразовательные организации\n\n\t1\n", "Информация о лице")
    middle = found.index("Профессиональные образовательные организации")
    schools, colleges = found[1:middle], found[middle + 1 :]
    assert printed(pack, "organisations", *LIST) == by_tens(schools, 10) + by_tens(colleges, 10)
    assert [o.section for o in pack.organisations] == ["school"] * 29 + ["college"] * 5


def test_every_cell_of_the_measures(pack: Pack) -> None:
    found = cells("\t№ п/п\n\tНаименование\n\nмероприятия", "\nУтверждена ")
    assert printed(pack, "measures", "number", "name", "result", "executor", "term") == by_tens(
        found[10:], 5
    )
    assert len(pack.measures) == 7


def test_every_cell_of_the_roadmap(pack: Pack) -> None:
    found = cells("\t№\n\tНаименование мероприятия\n\tОтветственный", "Приложение №2")
    assert printed(pack, "roadmap", "number", "name", "executor", "term") == by_tens(found[8:], 4)
    assert len(pack.roadmap) == 6


def test_every_cell_of_the_indicators(pack: Pack) -> None:
    found = cells("\t№ пп\n\tНаименование индикатора", "")
    columns = ("number", "name", "minimum", "2019", "2020", "2021")
    assert printed(pack, "indicators", *columns) == by_tens(found[7:], 6)
    assert len(pack.indicators) == 4


def test_every_cell_of_the_budget(pack: Pack) -> None:
    found = cells("\tСтатья\n", "Приложение № 1")[4:]
    lines = printed(pack, "budget", "name", "2019", "2020", "2021")
    assert lines[:-1] == by_tens(found[:-2], 4)
    assert printed(pack, "budget", "name", "total")[-1] == found[-2:]


@pytest.mark.parametrize("table", ["figures", "relations", "promises"])
def test_every_sentence_stands_in_the_order(pack: Pack, table: str) -> None:
    for row in pack[table]:
        assert row.cell("sentence").printed in FLAT, row.key


def test_every_figure_is_printed_in_its_sentence(pack: Pack) -> None:
    for figure in pack.figures:
        number = figure.row.cell("value").printed
        assert re.search(rf"(?<!\d){re.escape(number)}(?!\d)", figure.sentence), figure.key


def test_every_number_of_the_state_of_education_is_taken(pack: Pack) -> None:
    """No figure between «Сегодня система образования» and the list of problems is left out."""
    start = FLAT.index("Сегодня система образования")
    said = FLAT[start : FLAT.index("Несмотря на достигнутые результаты")]
    said = re.sub(r"от 10 до 25 лет|более 10 лет|В 2019 году|1 сентября 2018 г\.", "", said)
    said = re.sub(r"работников (29|5) ", "", said)
    numbers = {re.sub(r"\s", "", n) for n in re.findall(r"\d[\d ]*(?:,\d+)?", said)}
    taken = {re.sub(r"\s", "", figure.row.cell("value").printed) for figure in pack.figures}
    assert numbers - taken == set()


def test_the_facts_of_the_order(pack: Pack) -> None:
    order = pack.order
    assert order
    assert (order.number, order.date) == ("490-р", date(2018, 10, 26))
    assert order.title in FLAT
    # The order names the supervisor in another case: «на … Е.А. Пахомову».
    for said in (order.signer, order.supervisor[:-1], order.coordinator, order.bulletin):
        assert said in FLAT
    cdo = next(body for body in pack.bodies if body.kind == "cdo")
    assert cdo.person == "Барков Владимир Алексеевич"
    assert f"{cdo.person}, {cdo.position}" in FLAT


def test_typed_values(pack: Pack) -> None:
    lyceum = pack.organisations[24]
    assert (lyceum.postcode, lyceum.locality, lyceum.settlement) == ("659811", "Осинники", "town")
    assert lyceum.ratio == Decimal("0.10")
    assert lyceum.row.cell("ratio").printed == "0,10"
    assert pack.organisations[12].settlement == "rural"
    assert pack.indicators[0].years == {2019: 29, 2020: 80, 2021: 130}
    assert next(b for b in pack.budget if b.kind == "grand_total").total == Decimal("15309.0")
    assert {figure.key: figure.value for figure in pack.figures}["pupils"] == 308_204


def test_terms_are_read_from_the_print(pack: Pack) -> None:
    terms = {a.key: (a.start, a.due, a.recurrence) for a in pack.measures + pack.roadmap}
    assert terms["M1"] == (None, date(2019, 3, 15), "")
    assert terms["M5"] == (None, None, "1 year")
    assert terms["M6"] == (date(2019, 1, 1), date(2019, 12, 31), "3 years")
    assert terms["M7"] == (date(2018, 10, 1), date(2018, 12, 31), "")
    assert terms["R1"] == (date(2019, 1, 1), date(2019, 2, 28), "")
    assert terms["R6"] == (date(2019, 5, 1), date(2019, 10, 31), "")


def test_every_cell_knows_its_place(pack: Pack) -> None:
    at = pack.organisations[2].row.location("ratio")
    assert at.place == "Перечень, общеобразовательные организации, строка 3, графа 10"
    assert (at.sheet, at.line) == ("organisations.csv", 4)


def test_the_format_is_documented_whole() -> None:
    said = (Path(__file__).parents[2] / "docs/programme-pack.md").read_text(encoding="utf-8")
    for table in TABLES:
        assert f"### {table.title} — `{table.key}`" in said
        for column in table.columns:
            assert f"| {column.title} | `{column.key}` |" in said, (table.key, column.key)
