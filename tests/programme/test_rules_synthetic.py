"""The same rules on another region: clean as it stands, and every rule finds its planted fault."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from sreda.kernel.rules import RuleError, to_cel
from sreda.kernel.rules.functions import distance
from sreda.programme.pack import Pack, Row
from sreda.programme.pack.edit import add_row, remove_row, reorder, set_cell
from sreda.programme.rules import check, load_rules
from sreda.programme.rules.lookup import Lookup

checking = importlib.import_module("sreda.programme.rules.check")

TOWNS = ("Альск", "Бельск", "Вальск", "Гальск", "Дальск", "Ельск", "Жальск", "Зальск")


@cache
def region() -> Pack:
    pack = Pack("another")
    pack = add_row(
        pack, "order", "order", number="1", date="10.01.2025", kind="приказ", issuer="Министерство",
        title="О модели", region="Иная область", postcodes="100000-109999; 200000-200999",
        plan_from="2025", plan_to="2026", roadmap_year="2025", bulletin="Вестник",
        list_order="по возрастанию", list_order_basis="приказ", budget_nature="операционные",
    )  # fmt: skip
    for i, town in enumerate(TOWNS):
        pack = add_row(
            pack, "organisations", f"s{i}", section="общеобразовательная",
            number=str(i + 1), name=f"МБОУ «Школа № {i + 1} города {town}а»",
            address=f"10{i}001, г. {town}, ул. Новая, д. 1", learners="100", link="100",
            computers=str(10 + i), office_computers="2", ratio=f"0,{10 + i}",
        )  # fmt: skip
    actions = {
        "M1": ("measures", "1 февраля 2025 г.", "", ""),
        "M2": ("measures", "1 марта 2025 г.", "M1", ""),
        "R1": ("roadmap", "Апрель", "M2", "I1"),
        "R2": ("roadmap", "2026 год", "R1", "I1; I2"),
    }
    for key, (table, term, needs, serves) in actions.items():
        pack = add_row(pack, table, key, number=key[1], name=f"Дело {key}", result="Итог",
                       executor="Департамент", term=term, needs=needs, serves=serves)  # fmt: skip
    pack = add_row(pack, "indicators", "I1", number="1", name="Число школ", unit="единиц",
                   minimum="8", minimum_from="2025", direction="рост",
                   counts="общеобразовательная", y2025="8", y2026="9")  # fmt: skip
    pack = add_row(pack, "indicators", "I2", number="2", name="Доля", unit="процентов",
                   direction="рост", y2025="90", y2026="95")  # fmt: skip
    for key, a, b in (("B1", "10,0", "11,0"), ("B2", "20,0", "22,0")):
        pack = add_row(pack, "budget", key, kind="статья", code=key, name=f"Статья {key}",
                       nature="операционные", y2025=a, y2026=b)  # fmt: skip
    pack = add_row(pack, "budget", "total", kind="итого", name="Итого", y2025="30,0", y2026="33,0")
    pack = add_row(pack, "budget", "all", kind="всего", name="Всего", total="63,0")
    for key, value, unit in (
        ("schools", "100", "ед."), ("state", "40", "ед."), ("local", "60", "ед."),
        ("teachers", "200", "чел."), ("higher", "50,5", "%"), ("other", "30", "%"),
        ("listed", "8", "ед."),
    ):  # fmt: skip
        pack = add_row(pack, "figures", key, name=key, value=value, unit=unit, date="01.01.2025",
                       of="teachers" if unit == "%" else "", sentence="…")  # fmt: skip
    for key, kind, subject, others, expression in (
        ("L1", "sum", "schools", "state; local", ""),
        ("L2", "part", "state", "schools", ""),
        ("L3", "shares", "higher", "other", ""),
        ("L4", "equal", "listed", "I1.2025", ""),
        ("L5", "close", "other", "", "figure('state') - 10"),
        ("L6", "part", "teachers", "", "2 * figure('schools')"),
    ):
        pack = add_row(pack, "relations", key, kind=kind, subject=subject, others=others,
                       expression=expression, tolerance="5")  # fmt: skip
    pack = add_row(pack, "promises", "P1", name="Обещание", value="100", unit="%", indicator="I2",
                   action="R2", sentence="…")  # fmt: skip
    for key, kind, name in (
        ("d", "исполнитель", "Департамент"), ("cdo", "cdo", "Ответственный"),
        ("pub", "publication", "Вестник"), ("office", "project_office", "Офис"),
    ):  # fmt: skip
        pack = add_row(pack, "bodies", key, kind=kind, name=name, act="приказ № 1",
                       date_from="11.01.2025")  # fmt: skip
    for key, value in (("link_town", "100"), ("link_rural", "50"), ("link_plausible", "5")):
        pack = add_row(pack, "norms", key, name=key, value=value, unit="Мбит/с")
    return pack


Plant = Callable[[Pack], Pack]


def cell(table: str, key: str, column: str, text: str) -> Plant:
    return lambda pack: set_cell(pack, table, key, column, text)


def both(*plants: Plant) -> Plant:
    def plant(pack: Pack) -> Pack:
        for one in plants:
            pack = one(pack)
        return pack

    return plant


def org(key: str, column: str, text: str) -> Plant:
    return cell("organisations", key, column, text)


def extra_school(name: str, address: str, ogrn: str = "") -> Plant:
    return lambda pack: add_row(
        pack, "organisations", "s8", section="общеобразовательная", number="9", name=name,
        address=address, learners="100", computers="30", ratio="0,30", ogrn=ogrn,
    )  # fmt: skip


def backwards(pack: Pack) -> Pack:
    return reorder(pack, "organisations", [f"s{i}" for i in reversed(range(8))])


SAME = "МБОУ «Школа № 3 города Вальска»"

# rule -> (the fault, row and column where it must be found)
PLANTS: dict[str, tuple[Plant, str, str]] = {
    "list.ratio": (org("s3", "ratio", "0,14"), "s3", "ratio"),
    "list.repeated-ratio": (
        both(*(org(f"s{i}", "ratio", "0,10") for i in range(7))), "", "ratio"),
    "list.order": (backwards, "", "ratio"),
    "list.order-break": (both(org("s3", "computers", "5"), org("s3", "ratio", "0,05")),
                         "s3", "ratio"),
    "list.numbering": (org("s4", "number", "7"), "s4", "number"),
    "list.no-learners": (org("s4", "learners", "0"), "s4", "learners"),
    "list.more-computers": (org("s7", "computers", "170"), "s7", "computers"),
    "list.office-computers": (org("s4", "office_computers", "15"), "s4", "office_computers"),
    "list.link-implausible": (org("s4", "link", "2"), "s4", "link"),
    "list.link-norm": (org("s4", "link", "60"), "", "link"),
    "address.postcode": (org("s0", "address", "300001, г. Альск, ул. Новая"), "s0", "address"),
    "address.no-postcode": (org("s0", "address", "г. Альск, ул. Новая"), "s0", "address"),
    "address.postcode-of-another-town": (
        both(org("s0", "address", "107001, г. Вальск, ул. А, д. 1"),
             org("s1", "address", "102003, г. Вальск, ул. А, д. 2")), "s0", "address"),
    "address.comma": (org("s5", "address", "105001, г. Ельск ул. Новая, д. 1"), "s5", "address"),
    "name.quotes": (org("s5", "name", "МБОУ Школа № 6 города Ельска»"), "s5", "name"),
    "name.legal-form": (
        org("s5", "name", "Муниципальное бюджетное учреждение «Школа № 6 города Ельска»"),
        "s5", "name"),
    "identity.duplicate": (extra_school(SAME, "102001, г. Вальск, ул. Новая, д. 1"), "s2", "name"),
    "identity.ogrn-twice": (both(org("s0", "ogrn", "1" * 13), org("s1", "ogrn", "1" * 13)),
                            "s0", "ogrn"),
    "identity.similar": (
        extra_school("МБОУ «Школа № 3 города Валька»", "102001, г. Вальск, ул. Б"), "s8", "name"),
    "identity.same-name": (extra_school(SAME, "107002, г. Зальск, ул. Б, д. 1"), "s8", "name"),
    "identity.unclear": (org("s5", "name", "МБОУ «Лицей № 46»"), "s5", "name"),
    "indicator.below-minimum": (cell("indicators", "I1", "2026", "7"), "I1", "2026"),
    "indicator.monotone": (cell("indicators", "I2", "2026", "80"), "I2", "2026"),
    "indicator.share": (cell("indicators", "I2", "2026", "101"), "I2", "2026"),
    "indicator.year": (cell("indicators", "I2", "2026", ""), "I2", ""),
    "indicator.list": (cell("indicators", "I1", "2025", "9"), "I1", "2025"),
    "indicator.base": (cell("indicators", "I2", "relative", "да"), "I2", "base"),
    "indicator.no-action": (cell("roadmap", "R2", "serves", "I1"), "I2", "name"),
    "budget.year-total": (cell("budget", "B1", "2026", "12,0"), "total", "2026"),
    "budget.grand-total": (cell("budget", "all", "total", "64,0"), "all", "total"),
    "budget.line-total": (cell("budget", "B1", "total", "22,0"), "B1", "total"),
    "budget.capital": (cell("budget", "B1", "nature", "капитальные"), "B1", "name"),
    "budget.code": (cell("budget", "B1", "code", ""), "B1", "name"),
    "budget.pace": (cell("indicators", "I1", "2026", "40"), "total", "2026"),
    "figure.share": (cell("figures", "other", "value", "130"), "other", "value"),
    "figure.impossible-share": (cell("figures", "other", "value", "30,3"), "other", "value"),
    "figure.future": (cell("figures", "other", "date", "01.02.2025"), "other", "date"),
    "relation.sum": (cell("figures", "local", "value", "61"), "schools", "value"),
    "relation.part": (cell("figures", "state", "value", "140"), "state", "value"),
    "relation.estimate": (cell("figures", "teachers", "value", "201"), "teachers", "value"),
    "relation.shares": (cell("figures", "other", "value", "50"), "higher", "value"),
    "relation.equal": (cell("figures", "listed", "value", "9"), "listed", "value"),
    "relation.close": (cell("figures", "other", "value", "36"), "other", "value"),
    "relation.expression": (cell("relations", "L5", "expression", "1 / 0"), "L5", "expression"),
    "relation.unknown": (cell("relations", "L2", "others", "nothing"), "L2", "subject"),
    "term.unclear": (cell("measures", "M1", "term", "по готовности"), "M1", "term"),
    "term.past": (cell("measures", "M1", "term", "1 декабря 2024 г."), "M1", "term"),
    "term.need-later": (cell("measures", "M2", "term", "1 мая 2025 г."), "R1", "term"),
    "term.starts-early": (cell("measures", "M2", "term", "15 апреля 2025 г."), "R1", "term"),
    "term.circle": (cell("measures", "M1", "needs", "M2"), "M1", "needs"),
    "action.unknown-key": (cell("roadmap", "R1", "needs", "M9"), "R1", "needs"),
    "action.already-attached": (cell("roadmap", "R1", "produces", "перечень"), "R1", "term"),
    "action.executor": (cell("roadmap", "R1", "executor", "Департамент, оператор"),
                        "R1", "executor"),
    "roadmap.year": (lambda pack: remove_row(pack, "roadmap", "R2"), "order", "plan_to"),
    "promise.no-indicator": (cell("promises", "P1", "indicator", ""), "P1", "indicator"),
    "promise.no-action": (cell("promises", "P1", "action", ""), "P1", "action"),
    "promise.unknown-key": (cell("promises", "P1", "action", "R9"), "P1", "indicator"),
    "body.term": (cell("bodies", "cdo", "date_from", ""), "cdo", "date_from"),
    "body.founder": (cell("bodies", "office", "act", ""), "office", "founded_by"),
    "body.unknown-key": (cell("bodies", "office", "founded_by", "M9"), "office", "founded_by"),
    "publication.receipt": (cell("bodies", "pub", "act", ""), "pub", "act"),
    "publication.missing": (lambda pack: remove_row(pack, "bodies", "pub"), "order", "bulletin"),
}  # fmt: skip


def test_another_region_is_clean() -> None:
    assert [(f.rule, f.location.place, f.text("en")) for f in check(region())] == []


def test_every_rule_has_a_planted_fault() -> None:
    assert set(PLANTS) == {rule.id for rule in load_rules()}


@pytest.mark.parametrize("rule", PLANTS)
def test_a_planted_fault_is_found(rule: str) -> None:
    plant, row, column = PLANTS[rule]
    found = check(plant(region()))
    assert not [f.texts["en"] for f in found if f.item == "failed"]
    places = [(f.location.row, f.location.column) for f in found if f.rule == rule]
    assert (row, column) in places
    for finding in found:
        assert "{" not in finding.text("ru") + finding.text("en")


def test_a_circle_names_both_actions_alike() -> None:
    pack = set_cell(region(), "measures", "M1", "needs", "M2")
    said = [f.text("ru") for f in check(pack) if f.rule == "term.circle"]
    assert len(said) == 2
    assert all("«Дело M1»" in text and "«Дело M2»" in text for text in said)


@pytest.mark.parametrize("others", ["M1", "I2.minimum", "", "R1; I1.2025"])
def test_relations_of_things_that_are_no_numbers(others: str) -> None:
    for key in ("L1", "L2", "L3", "L4", "L5"):
        pack = set_cell(region(), "relations", key, "expression", "")
        found = check(set_cell(pack, "relations", key, "others", others))
        assert not [f.computed for f in found if f.item == "failed"]


def test_an_empty_pack_is_checked_without_a_fall() -> None:
    assert check(Pack("empty")) == []


@pytest.mark.parametrize("text", ["pack.order[0].x", "1 +", "'a'", "figure('nothing')", "open(1)",
                                  "[1].map(x, [1].map(y, x)).size() + pack"])  # fmt: skip
def test_an_expression_of_a_pack_can_only_fail(text: str) -> None:
    found = check(set_cell(region(), "relations", "L5", "expression", text))
    assert {f.rule for f in found} == {"relation.expression"}


def test_a_wrong_rule_file_says_which_rule(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    head = '[[rule]]\nid = "mine"\nseverity = "error"\nover = "order"\nen = "x"\nru = "x"\n'
    file.write_text(head + 'wrong = "1 +"\n', encoding="utf-8")
    with pytest.raises(RuleError, match="mine: wrong"):
        load_rules(file)
    file.write_text(head + 'wrong = "true"\nwhen_not = "true"\n', encoding="utf-8")
    with pytest.raises(RuleError, match="when_not"):
        load_rules(file)


def test_a_rule_that_cannot_be_applied_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        '[[rule]]\nid = "mine"\nseverity = "error"\nover = "order"\nen = "x"\nru = "x"\n'
        'wrong = "row.number + 1 == 2"\n',
        encoding="utf-8",
    )
    (finding,) = check(region(), load_rules(file))
    assert finding.rule == "mine"
    assert "text + number" in finding.text("en")


def long_list(count: int) -> Pack:
    pack = region()
    return pack.with_table(
        "organisations",
        tuple(row for n in range(count // len(TOWNS)) for row in rows_again(n)),
    )


def rows_again(n: int) -> list[Row]:
    return [replace(row, key=f"{row.key}-{n}") for row in region()["organisations"]]


def test_a_long_list_is_checked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a rule asks about other rows takes an index: steps grow with the rows, not faster."""
    count = 2_000
    monkeypatch.setattr(checking, "LIMITS", replace(checking.LIMITS, steps=150 * count))
    found = check(long_list(count))
    assert [f.rule for f in found if f.item == "failed"] == []
    twice = [f for f in found if f.rule == "identity.duplicate"]
    assert len(twice) == count
    assert twice[0].computed.count(";") < 12


def test_similar_texts_are_those_a_letter_or_two_away() -> None:
    dice = random.Random(7)
    words = ["".join(dice.choices("абв", k=dice.randint(0, 7))) for _ in range(200)]
    rows = to_cel([{"core": word} for word in words])
    lookup = Lookup()
    for word in dict.fromkeys(words):
        near = [row["core"] for row in lookup.similar(rows, "core", word)]
        expected = [w for w in words if 0 < distance(to_cel(word), to_cel(w)) <= 2]
        assert sorted(near) == sorted(expected)
