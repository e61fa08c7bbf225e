"""What the rules find in the order itself, and that a corrected copy is clean."""

from __future__ import annotations

import json
import time
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.core.management import call_command

from sreda.programme.pack import Pack, read_pack, shipped_pack, write_xlsx
from sreda.programme.pack.edit import add_row, remove_row, set_cell
from sreda.programme.rules import Finding, check, correct


@pytest.fixture(scope="module")
def pack() -> Pack:
    pack = read_pack(shipped_pack("kemerovo-2018")).pack
    assert pack
    return pack


@pytest.fixture(scope="module")
def findings(pack: Pack) -> list[Finding]:
    return check(pack)


def of(findings: list[Finding], rule: str) -> dict[tuple[str, str], Finding]:
    return {(f.location.row, f.location.column): f for f in findings if f.rule == rule}


def test_column_10_against_plain_arithmetic(pack: Pack, findings: list[Finding]) -> None:
    wrong = {}
    for o in pack.organisations:
        true = (Decimal(o.computers) / o.learners).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if true != o.ratio:
            wrong[o.key] = true
    found = {row: f for (row, _), f in of(findings, "list.ratio").items()}
    assert set(found) == set(wrong)
    schools = {f"school-{n:02d}" for n in (2, 3, *range(12, 27))}
    assert set(wrong) == schools | {"college-04"}
    assert len(wrong) == 18
    for key, finding in found.items():
        assert Decimal(finding.suggestion.replace(",", ".")) == wrong[key]


def test_the_budget(findings: list[Finding]) -> None:
    year = of(findings, "budget.year-total")
    assert set(year) == {("total", "2019")}
    total = year["total", "2019"]
    assert (total.printed, total.computed, total.suggestion) == ("5 610,0", "4 505,0", "4 505,0")
    assert "расхождение 1 105,0" in total.text("ru")
    assert "212 – суточные" in total.text("ru")
    assert "учтены дважды" in total.text("ru")
    grand = of(findings, "budget.grand-total")["grand-total", "total"]
    assert (grand.printed, grand.computed) == ("15 309,0", "14 204,0")


def test_the_order_of_the_list(findings: list[Finding]) -> None:
    wrong = [f for f in findings if f.rule == "list.order"]
    assert [f.item for f in wrong] == ["school", "college"]
    assert wrong[0].order[0] == "school-28"
    assert wrong[1].order == tuple(f"college-{n:02d}" for n in (5, 4, 3, 2, 1))
    assert {row for row, _ in of(findings, "list.order-break")} == {"school-27", "school-29"}


def test_parts_and_whole(findings: list[Finding]) -> None:
    (sums,) = of(findings, "relation.sum").values()
    assert (sums.location.row, sums.printed, sums.computed) == ("schools", "661", "718")
    assert "661" in sums.location.place or "Общеобразовательные" in sums.location.place


def test_approvals_before_the_office_and_the_agreement(findings: list[Finding]) -> None:
    early = {(f.location.row, f.item) for f in findings if f.rule == "term.need-later"}
    assert {("R1", "M1"), ("R1", "M2"), ("R2", "M1"), ("R2", "M2")} <= early
    assert early - {("R1", "M1"), ("R1", "M2"), ("R2", "M1"), ("R2", "M2")} == {
        ("M3", "M1"),
        ("M7", "R2"),
    }


def test_everything_found(findings: list[Finding]) -> None:
    """The whole list, so that nothing is lost or added unseen."""
    assert Counter(f.rule for f in findings) == {
        "list.ratio": 18,
        "list.order": 2,
        "list.order-break": 2,
        "list.repeated-ratio": 1,
        "list.link-norm": 2,
        "list.link-implausible": 1,
        "address.postcode": 1,
        "address.comma": 1,
        "name.quotes": 1,
        "name.legal-form": 1,
        "identity.same-name": 5,
        "identity.unclear": 16,
        "term.need-later": 6,
        "term.starts-early": 1,
        "term.unclear": 1,
        "action.already-attached": 3,
        "action.executor": 4,
        "roadmap.year": 2,
        "indicator.base": 1,
        "indicator.no-action": 1,
        "budget.year-total": 1,
        "budget.grand-total": 1,
        "budget.capital": 1,
        "budget.code": 1,
        "budget.pace": 1,
        "relation.sum": 1,
        "relation.estimate": 1,
        "relation.close": 2,
        "promise.no-indicator": 6,
        "promise.no-action": 12,
        "body.term": 1,
        "publication.receipt": 1,
    }


def test_findings_say_where_and_in_both_languages(findings: list[Finding]) -> None:
    assert len({f.fingerprint for f in findings}) == len(findings)
    for finding in findings:
        assert finding.location.place
        assert finding.location.sheet.endswith(".csv")
        for language in ("en", "ru"):
            text = finding.text(language)
            assert text
            assert "{" not in text + finding.advice_text(language)
    postcode = of(findings, "address.postcode")["school-25", "address"]
    assert postcode.location.place == (
        "Перечень, общеобразовательные организации, строка 25, графа 3"
    )
    assert "652811" in postcode.advice_text("ru")


def test_fingerprints_outlive_reloading(
    pack: Pack, findings: list[Finding], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("x") / "same.xlsx"
    write_xlsx(pack, file)
    again = read_pack(file).pack
    assert again
    assert {f.fingerprint for f in check(again)} == {f.fingerprint for f in findings}
    # Correcting one cell takes away its finding and leaves the other decisions alone.
    fixed = check(set_cell(pack, "organisations", "school-02", "ratio", "0,27"))
    gone = {f.fingerprint for f in findings} - {f.fingerprint for f in fixed}
    assert {key.split(":")[0] for key in gone} == {"list.ratio"}
    assert len(gone) == 1


def test_mechanical_corrections(pack: Pack, findings: list[Finding]) -> None:
    corrected = correct(pack, findings)
    rest = {f.rule for f in check(corrected)}
    assert not rest & {
        "list.ratio", "list.order", "list.order-break", "list.repeated-ratio",
        "budget.year-total", "budget.grand-total", "name.quotes", "name.legal-form",
    }  # fmt: skip
    schools = [o for o in corrected.organisations if o.section == "school"]
    assert [o.number for o in schools] == list(range(1, 30))
    assert [o.ratio for o in schools] == sorted(o.ratio for o in schools if o.ratio)
    assert pack.organisations[0].key == "school-01", "the original is left as it is"


def decided(pack: Pack) -> Pack:
    """What people would decide about the findings no machine can settle (invented for the test)."""
    edits = [
        ("organisations", "school-25", "address", "652811, г. Осинники, ул. Советская, д.23"),
        ("organisations", "school-19", "link", "30"),
        # Terms follow their dependencies; what is attached is declared a draft.
        ("measures", "M3", "term", "20 марта 2019 г."),
        ("measures", "M5", "term", "Ежегодно начиная с 2019 года"),
        ("measures", "M7", "term", "15 мая 2019 г."),
        ("measures", "M7", "produces", ""),
        ("roadmap", "R1", "term", "Апрель"),
        ("roadmap", "R1", "produces", ""),
        ("roadmap", "R2", "term", "Апрель"),
        ("roadmap", "R2", "produces", ""),
        ("roadmap", "R3", "term", "Май"),
        ("roadmap", "R6", "term", "Июнь - октябрь"),
        ("indicators", "I4", "base", "12"),
        ("order", "order", "budget_nature", "любые"),
        ("budget", "B-other", "code", "225"),
        # More organisations cost more.
        ("budget", "B310", "2020", "6 000,0"),
        ("budget", "B310", "2021", "5 000,0"),
        ("bodies", "cdo", "act", "приказ от 1 ноября 2018 г. № 1"),
        ("bodies", "cdo", "date_from", "01.11.2018"),
        ("bodies", "publication", "act", "№ 0 от 29 октября 2018 г."),
        ("relations", "L01", "others", "schools_municipal; schools_state; schools_private"),
        ("relations", "L20", "tolerance", "70"),
        ("relations", "L21", "tolerance", "5"),
    ]
    for table, key, column, text in edits:
        pack = set_cell(pack, table, key, column, text)
    pack = remove_row(pack, "relations", "L19")
    pack = add_row(
        pack, "bodies", "operator", kind="исполнитель", name="федеральный оператор", act="договор"
    )
    for number, year in ((7, "2020"), (8, "2021")):
        pack = add_row(
            pack, "roadmap", f"R{number}", number=str(number), name=f"Внедрение в {year} году",
            executor="Департамент образования и науки Кемеровской области",
            term=f"{year} год", serves="I4; I5; link_town",
        )  # fmt: skip
    pack = add_row(
        pack, "indicators", "I5", number="5", name="Доля исполненных обещаний", unit="процентов",
        direction="рост", y2019="50", y2020="80", y2021="100",
    )  # fmt: skip
    for index, organisation in enumerate(pack.organisations):
        pack = set_cell(pack, "organisations", organisation.key, "ogrn", f"{index:013d}")
    for promise in pack.promises:
        pack = set_cell(pack, "promises", promise.key, "indicator", "I5")
        pack = set_cell(pack, "promises", promise.key, "action", "R7")
    return pack


@pytest.fixture(scope="module")
def corrected(pack: Pack, findings: list[Finding]) -> Pack:
    corrected = decided(correct(pack, findings))
    # Changed budget lines change their totals, and these are mechanical again.
    return correct(corrected, check(corrected))


def test_nothing_is_found_in_a_corrected_copy(corrected: Pack) -> None:
    assert [(f.rule, f.location.place, f.text("en")) for f in check(corrected)] == []


def test_the_check_is_quick(pack: Pack) -> None:
    started = time.process_time()
    check(pack)
    assert time.process_time() - started < 2


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = 0
    try:
        call_command("programme", *words)
    except SystemExit as end:
        status = int(end.code or 0)
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_command(
    findings: list[Finding],
    corrected: Pack,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("command")
    status, out, _ = run(capsys, "check", "kemerovo-2018", "--json")
    told = json.loads(out)
    assert (status, told["status"], len(told["findings"])) == (1, 1, len(findings))
    assert told["findings"][0]["place"]
    status, out, _ = run(capsys, "check", "kemerovo-2018", "--language", "ru")
    assert status == 1
    assert "замечани" in out
    write_xlsx(corrected, folder / "good.xlsx")
    assert run(capsys, "check", str(folder / "good.xlsx"))[0] == 0
    (folder / "bad.zip").write_bytes(b"PK\x03\x04")
    status, _, err = run(capsys, "check", str(folder / "bad.zip"))
    assert status == 2
    assert "bad.zip" in err
    assert run(capsys, "new-pack", str(folder / "new"), "--from", "2027")[0] == 0
    assert "2029 год" in (folder / "new/budget.csv").read_text(encoding="utf-8")
    assert run(capsys, "new-pack", str(folder / "new"))[0] == 2
    status, out, _ = run(capsys, "check", str(folder / "new"))
    assert (status, out) == (2, "")  # nothing to check is not "no findings"
    assert run(capsys, "export-xlsx", str(folder / "new"), str(folder / "new.xlsx"))[0] == 0
    assert read_pack(folder / "new.xlsx").pack
