"""Loading: staged, looked at, confirmed once; a reload keeps what people added."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from tests.factories import OrganisationFactory, PersonFactory, seated
from tests.programme.world import (
    AT,
    LATER,
    as_zip,
    changed,
    csv_of,
    kemerovo,
    loaded,
    operator,
    staged,
)

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry, store
from sreda.kernel.models import OutboxEvent
from sreda.programme.api import listed_places, load_demo_programme
from sreda.programme.domain import findings, packs, work
from sreda.programme.enums import ActionStatus, FindingStatus, LoadStatus
from sreda.programme.models import (
    Action,
    BudgetAmount,
    Dependency,
    Finding,
    IndicatorPlan,
    ListEntry,
    PackLoad,
    Programme,
)
from sreda.programme.pack import Pack, read_pack, write_xlsx
from sreda.programme.pack.edit import remove_row
from sreda.programme.queries import packs as queries
from sreda.programme.queries.stored import freeze, pack_of
from sreda.registry.api import Role, User


def snapshot() -> dict[str, list[dict[str, object]]]:
    """Everything the pack's tables became, keys and ids included."""
    models = (ListEntry, Action, Dependency, IndicatorPlan, BudgetAmount, Finding)
    return {m.__name__: list(m.objects.order_by("pk").values()) for m in models}


@pytest.mark.django_db
def test_the_order_lands_whole() -> None:
    programme = loaded()
    assert programme.key == "42-490-r-2018"
    assert programme.date == date(2018, 10, 26)
    assert ListEntry.objects.filter(section="school").count() == 29
    assert ListEntry.objects.filter(section="college").count() == 5
    assert Action.objects.count() == 13
    assert {d.needs.key for d in Action.objects.get(key="M3").dependencies.all()} == {"M1", "M2"}
    assert str(BudgetAmount.objects.get(line__key="total", year=2019).value) == "5610.00"
    assert IndicatorPlan.objects.get(indicator__key="I1", year=2021).value == 130
    entry = ListEntry.objects.get(key="school-02")
    assert (entry.printed["ratio"], f"{entry.ratio:.4f}") == ("0,28", "0.2667")


@pytest.mark.django_db
def test_what_is_kept_reads_back_as_it_was() -> None:
    load = staged(kemerovo())
    again = pack_of(load)
    assert freeze(again) == freeze(kemerovo())
    assert [a.due for a in again.roadmap] == [a.due for a in kemerovo().roadmap]


@pytest.mark.django_db
def test_nothing_is_loaded_before_it_is_confirmed() -> None:
    load = staged(kemerovo())
    assert load.status == LoadStatus.STAGED
    assert not Programme.objects.exists()
    packs.cancel(load=load.pk, actor=None, at=AT)
    with pytest.raises(ValidationError):
        packs.confirm(load=load.pk, actor=None, at=AT)
    assert not Programme.objects.exists()


@pytest.mark.django_db
def test_the_preview_shows_cell_by_cell_what_changes() -> None:
    loaded()
    pack = remove_row(changed("budget", "B212", "2019", "48,6"), "promises", "P15")
    load = staged(pack, at=LATER)
    counts = {table.key: found for table, found in queries.table_counts(load)}
    assert counts["budget"]["changed"] == 1
    assert counts["promises"]["gone"] == 1
    assert counts["organisations"] == {"new": 0, "changed": 0, "unchanged": 34, "gone": 0, "bad": 0}
    (row,) = queries.changes_of(load, "budget").rows
    (cell,) = row.cells
    assert (cell.column, cell.before.printed, cell.after.printed) == ("2019", "47,6", "48,6")


@pytest.mark.django_db
def test_the_same_pack_again_changes_nothing() -> None:
    loaded()
    before = snapshot()
    load = staged(kemerovo(), at=LATER)
    packs.confirm(load=load.pk, actor=None, at=LATER)
    assert snapshot() == before


@pytest.mark.django_db
def test_confirming_twice_loads_once() -> None:
    load = staged(kemerovo())
    first = packs.confirm(load=load.pk, actor=None, at=AT)
    second = packs.confirm(load=load.pk, actor=None, at=LATER)
    assert first.closed_at == second.closed_at == AT
    assert OutboxEvent.objects.filter(type="programme.pack.loaded").count() == 1
    assert AuditEntry.objects.filter(action="programme.pack.loaded").count() == 1


@pytest.mark.django_db
def test_handing_in_twice_is_one_load() -> None:
    actor = operator()
    assert staged(kemerovo(), actor=actor).pk == staged(kemerovo(), actor=actor).pk


@pytest.mark.django_db
def test_a_load_compared_with_an_older_state_is_not_confirmed() -> None:
    loaded()
    mine = staged(changed("budget", "B212", "2019", "48,6"), at=LATER)
    loaded(changed("budget", "B212", "2019", "50,6"), at=LATER)
    with pytest.raises(packs.Overtaken):
        packs.confirm(load=mine.pk, actor=None, at=LATER)
    again = packs.stage_again(load=mine, actor=None, at=LATER)
    packs.confirm(load=again.pk, actor=None, at=LATER)
    assert str(BudgetAmount.objects.get(line__key="B212", year=2019).value) == "48.60"


@pytest.mark.django_db
def test_a_reload_keeps_what_people_added() -> None:
    loaded()
    owner, organisation = PersonFactory(), OrganisationFactory()
    Action.objects.filter(key="M1").update(
        owner=owner, status=ActionStatus.DONE, done_on=date(2019, 3, 10), note="Подписано"
    )
    ListEntry.objects.filter(key="school-02").update(organisation=organisation, matched_by="person")
    loaded(changed("measures", "M1", "result", "Соглашение"), at=LATER)
    action = Action.objects.get(key="M1")
    assert (action.result, action.owner, action.status) == ("Соглашение", owner, "done")
    assert action.note == "Подписано"
    assert ListEntry.objects.get(key="school-02").organisation == organisation


@pytest.mark.django_db
def test_a_row_that_goes_is_kept_and_can_come_back() -> None:
    loaded()
    entry = ListEntry.objects.get(key="school-29")
    loaded(remove_row(kemerovo(), "organisations", "school-29"), at=LATER)
    entry.refresh_from_db()
    assert entry.gone_at == LATER
    loaded(kemerovo(), at=LATER)
    entry.refresh_from_db()
    assert entry.gone_at is None


@pytest.mark.django_db
def test_good_rows_land_when_asked_and_bad_ones_take_nothing_away() -> None:
    loaded()
    text = csv_of(kemerovo(), "organisations").replace(";508;", ";пятьсот;")
    at = LATER
    upload = as_zip(changed("budget", "B212", "2019", "48,6"), organisations=text.encode("cp1251"))
    file = store(upload, at=at, actor=None, kinds=frozenset({".zip"}))
    load = packs.stage(file=file, actor=None, at=at)
    said = [i.text() for i in queries.issues_of(load) if i.severity == "error"]
    assert len(said) == 1
    assert "organisations.csv" in said[0]
    assert "4" in said[0]
    assert "Число обучающихся" in said[0]
    with pytest.raises(ValidationError):
        packs.confirm(load=load.pk, actor=None, at=at)
    packs.confirm(load=load.pk, actor=None, at=at, with_bad=True)
    entry = ListEntry.objects.get(key="school-03")
    assert (entry.learners, entry.gone_at) == (508, None)
    assert str(BudgetAmount.objects.get(line__key="B212", year=2019).value) == "48.60"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "key", "column", "text"),
    [
        ("organisations", "school-01", "learners", "99999999999"),
        ("organisations", "school-01", "name", "Ш" * 600),
        ("budget", "B212", "2019", "1" * 20),
        ("indicators", "I1", "2019", "1" * 20),
        ("measures", "M1", "number", "70000"),
        ("order", "order", "plan_to", "2001"),
    ],
)
def test_what_the_database_cannot_hold_is_a_bad_cell(
    table: str, key: str, column: str, text: str
) -> None:
    load = staged(changed(table, key, column, text))
    issues = [i for i in queries.issues_of(load) if i.severity == "error"]
    assert issues, "an issue names the cell"
    if load.status == LoadStatus.STAGED:
        packs.confirm(load=load.pk, actor=None, at=AT, with_bad=True)


def do_work() -> None:
    """What the worker would do."""
    for pk in PackLoad.objects.filter(status__in=LoadStatus.at_work()).values_list("pk", flat=True):
        work.run(pk, at=clock.now())


@pytest.mark.django_db
def test_a_file_that_is_no_pack_is_refused_with_words(client: Client) -> None:
    actor = operator()
    client.force_login(User.objects.get(pk=actor.user_id))
    upload = as_zip(kemerovo())
    upload.name = "pack.xlsx"
    from django.core.files.uploadedfile import SimpleUploadedFile

    for wrong in (
        SimpleUploadedFile("pack.xlsx", b"PK\x03\x04" + b"x" * 100),
        SimpleUploadedFile("pack.exe", b"MZ"),
        SimpleUploadedFile("pack.xlsx", b"<html>"),
    ):
        answer = client.post(reverse("programme:packs"), {"file": wrong}, follow=True)
        assert answer.status_code in {200, 422}
        do_work()
        assert not Programme.objects.exists()
    refused = PackLoad.objects.get()
    assert refused.status == LoadStatus.REFUSED
    assert queries.issues_of(refused)


@pytest.mark.django_db
def test_the_whole_way_in_the_browser(client: Client) -> None:
    actor = operator()
    client.force_login(User.objects.get(pk=actor.user_id))
    answer = client.post(reverse("programme:packs"), {"file": as_zip(kemerovo())})
    load = PackLoad.objects.get()
    assert answer.url == reverse("programme:pack", args=[load.pk])
    do_work()
    for table in ("", "organisations", "budget", "issues", "findings", "bodies"):
        page = client.get(answer.url, {"table": table})
        assert page.status_code == 200
    done = client.post(reverse("programme:confirm", args=[load.pk]), follow=True)
    assert done.status_code == 200
    client.post(reverse("programme:confirm", args=[load.pk]))
    do_work()
    client.post(reverse("programme:confirm", args=[load.pk]))
    assert Programme.objects.count() == 1
    for name, args in (
        ("overview", []),
        ("packs", []),
        ("findings", []),
        ("entries", []),
        ("budget", []),
    ):
        assert client.get(reverse(f"programme:{name}", args=args)).status_code == 200


@pytest.mark.django_db
def test_a_load_can_be_downloaded_and_loaded_again(client: Client, tmp_path) -> None:  # type: ignore[no-untyped-def]
    actor = operator()
    programme = loaded()
    client.force_login(User.objects.get(pk=actor.user_id))
    answer = client.get(reverse("programme:load_xlsx", args=[programme.current_id]))
    (tmp_path / "again.xlsx").write_bytes(answer.content)
    reading = read_pack(tmp_path / "again.xlsx")
    assert reading.ok
    assert reading.pack
    assert freeze(reading.pack).keys() == freeze(kemerovo()).keys()
    load = packs.stage_path(path=tmp_path / "again.xlsx", actor=actor, at=LATER)
    totals = [found for _table, found in queries.table_counts(load)]
    assert not any(t["new"] + t["changed"] + t["gone"] + t["bad"] for t in totals)


@pytest.mark.django_db
def test_the_list_of_bad_rows_can_be_downloaded(client: Client) -> None:
    actor = operator()
    client.force_login(User.objects.get(pk=actor.user_id))
    load = staged(changed("order", "order", "plan_to", "99999"))
    url = reverse("programme:issues", args=[load.pk, "csv"])
    body = b"".join(client.get(url).streaming_content).decode()
    assert "Последний год плана" in body
    assert client.get(reverse("programme:issues", args=[load.pk, "xlsx"])).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.HEAD, Role.TEACHER, Role.EXPERT])
def test_only_the_operator_loads(client: Client, role: str) -> None:
    load = staged(kemerovo())
    actor = seated(role)
    client.force_login(User.objects.get(pk=actor.user_id))
    assert client.get(reverse("programme:packs")).status_code == 404
    assert client.get(reverse("programme:pack", args=[load.pk])).status_code == 404
    assert client.post(reverse("programme:confirm", args=[load.pk])).status_code == 404
    assert client.post(reverse("programme:example")).status_code == 404
    assert not Programme.objects.exists()


@pytest.mark.django_db
def test_the_demonstration_programme_is_loaded_once() -> None:
    school = OrganisationFactory(
        short_name="МБНОУ «Городской классический лицей»",
        locality="Кемерово",
        postcode="650000",
        address="ул. Мичурина, д.19",
    )
    programme = load_demo_programme(at=AT)
    assert load_demo_programme(at=LATER) == programme
    assert Programme.objects.count() == 1
    (place,) = listed_places(school.pk)
    assert (place.entry.number, place.programme) == (3, programme)


@pytest.mark.django_db
def test_a_decision_outlives_a_reload() -> None:
    actor = operator()
    loaded()
    ratio = Finding.objects.get(rule="list.ratio", row="school-02")
    findings.decide(
        findings=[ratio.pk], status="accepted", reason="Так напечатано", actor=actor, at=AT
    )
    loaded(changed("budget", "B212", "2019", "48,6"), at=LATER)
    ratio.refresh_from_db()
    assert (ratio.status, ratio.reason) == (FindingStatus.ACCEPTED, "Так напечатано")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_confirm_once() -> None:
    load = staged(kemerovo())
    start, outcomes = threading.Barrier(2), []

    def run() -> None:
        try:
            start.wait()
            outcomes.append(packs.confirm(load=load.pk, actor=None, at=AT).status)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["confirmed", "confirmed"]
    assert Programme.objects.count() == 1
    assert ListEntry.objects.count() == 34
    assert OutboxEvent.objects.filter(type="programme.pack.loaded").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_different_packs_at_once_one_wins() -> None:
    first = staged(kemerovo())
    second = staged(changed("budget", "B212", "2019", "48,6"))
    start, outcomes = threading.Barrier(2), []

    def run(pk: object) -> None:
        try:
            start.wait()
            packs.confirm(load=pk, actor=None, at=AT)  # type: ignore[arg-type]
            outcomes.append("won")
        except packs.Overtaken:
            outcomes.append("overtaken")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[load.pk]) for load in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["overtaken", "won"]
    assert PackLoad.objects.filter(status="confirmed").count() == 1
    assert connection.vendor == "postgresql"


def book_of(pack: Pack, change: Callable[[Workbook], object]) -> SimpleUploadedFile:
    stream = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        write_xlsx(pack, Path(folder) / "pack.xlsx")
        book = load_workbook(Path(folder) / "pack.xlsx")
    change(book)
    book.save(stream)
    return SimpleUploadedFile("pack.xlsx", stream.getvalue())


def stage_book(change: Callable[[Workbook], object]) -> PackLoad:
    file = store(book_of(kemerovo(), change), at=LATER, actor=None)
    return packs.stage(file=file, actor=None, at=LATER)


@pytest.mark.django_db
def test_bad_rows_of_a_sheet_named_otherwise_are_not_gone() -> None:
    """The reader knows a sheet by title or key in any case: so does what keeps its bad rows."""
    loaded()

    def change(book: Workbook) -> None:
        book["Перечень"]["G2"] = "тысяча"
        book["Перечень"].title = "Список"
        book["Список"].title = "ПЕРЕЧЕНЬ "

    load = stage_book(change)
    assert [i.code for i in packs.issues_of(load)] == ["number"]
    assert load.summary["tables"]["organisations"]["bad"] == 1
    assert load.summary["tables"]["organisations"]["gone"] == 0


@pytest.mark.django_db
def test_more_bad_cells_than_are_listed_hide_no_sheet_that_is_not_whole() -> None:
    loaded()

    def change(book: Workbook) -> None:
        for number in range(1_100):
            book["Перечень"].append([f"x{number}", "неведомая"])
        book["Калькуляция"]["F3"] = "много"
        del book["Индикаторы"]

    load = stage_book(change)
    found = packs.issues_of(load)
    assert {"number", "sheet-missing", "more"} <= {i.code for i in found}
    assert len(found) < 1_100
    tables = load.summary["tables"]
    assert tables["budget"]["gone"] == tables["indicators"]["gone"] == 0


@pytest.mark.django_db
def test_a_pack_of_which_a_sheet_is_lost_is_not_called_the_same(client: Client) -> None:
    loaded()
    client.force_login(User.objects.get(pk=operator().user_id))
    load = stage_book(lambda book: book.remove(book["Индикаторы"]))
    page = client.get(reverse("programme:pack", args=[load.pk])).content.decode()
    assert "Этот пакет совпадает с действующим" not in page
    assert "То, что прочитано, совпадает с действующим" in page


@pytest.mark.django_db
def test_a_changed_remark_is_shown() -> None:
    loaded()
    load = staged(changed("organisations", "school-01", "note", "Проверено по уставу"), at=LATER)
    shown = queries.changes_of(load, "organisations")
    assert len(shown.rows) == 1
    assert "note" in {column.key for column in shown.columns}


@pytest.mark.django_db
def test_the_shell_loads_as_the_page_does(capsys: pytest.CaptureFixture[str]) -> None:
    from django.core.management import call_command

    call_command("programme", "load", "kemerovo-2018", "--dry-run")
    assert not Programme.objects.exists()
    call_command("programme", "load", "kemerovo-2018")
    assert Programme.objects.count() == 1
    with pytest.raises(SystemExit) as ended:
        call_command("programme", "load", "/nowhere/pack.xlsx")
    assert ended.value.code == 2
    assert "165" in capsys.readouterr().out
