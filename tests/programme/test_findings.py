"""Findings: decided by a person with a reason, undone with a trace, gone when corrected."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import TODAY, seated
from tests.programme.world import AT, LATER, changed, loaded, operator

from sreda.kernel.api import Actor, AuditEntry
from sreda.programme.domain import findings as domain
from sreda.programme.enums import FindingStatus
from sreda.programme.models import BudgetAmount, Correction, Finding, ListEntry, Programme
from sreda.programme.queries import findings as queries
from sreda.programme.queries.programmes import finding_counts
from sreda.programme.queries.stored import corrected, printed_pack, standing
from sreda.programme.rules import check
from sreda.registry.api import Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return loaded()


def decide(actor: Actor, *chosen: Finding, status: str = "accepted", **more: str) -> int:
    """Decided, and worked into the document."""
    more.setdefault("reason", "Проверено по бухгалтерии")
    done = domain.decide(findings=[f.pk for f in chosen], status=status, actor=actor, at=AT, **more)
    domain.recheck(chosen[0].programme_id, at=AT)
    return done


def still(rule: str, **where: object) -> Finding:
    return Finding.objects.get(rule=rule, **where)


def test_every_fault_named_in_the_brief_is_open(programme: Programme) -> None:
    found = queries.in_state(Finding.objects.all(), "open")
    total = found.get(rule="budget.year-total")
    assert (total.printed, total.computed) == ("5 610,0", "4 505,0")
    assert found.filter(rule="budget.grand-total").exists()
    wrong = found.filter(rule="list.ratio").values_list("row", flat=True)
    expected = {f"school-{n:02}" for n in (2, 3, *range(12, 27))} | {"college-04"}
    assert set(wrong) == expected
    assert found.filter(rule="list.order").count() == 2
    assert found.filter(rule="relation.sum", computed="718").exists()
    assert found.filter(rule="term.need-later").exists()


def test_a_decision_needs_a_named_person_and_a_reason(programme: Programme) -> None:
    finding = still("budget.year-total")
    actor = operator()
    with pytest.raises(ValidationError):
        decide(actor, finding, reason="   ")
    with pytest.raises(ValidationError):
        decide(Actor(on=TODAY, name="Никто"), finding)
    with pytest.raises(ValidationError):
        decide(actor, finding, status="open")
    finding.refresh_from_db()
    assert finding.status == FindingStatus.OPEN


def test_deciding_twice_alike_is_one_decision(programme: Programme) -> None:
    finding, actor = still("budget.year-total"), operator()
    assert decide(actor, finding) == 1
    assert decide(actor, finding) == 0
    assert AuditEntry.objects.filter(action="programme.finding.decided").count() == 1


def test_a_correction_is_computed_with_and_keeps_the_print(programme: Programme) -> None:
    finding, actor = still("budget.year-total"), operator()
    decide(actor, finding, status="corrected", value="4 505,0")
    finding.refresh_from_db()
    assert finding.status == FindingStatus.CORRECTED
    assert finding.gone_at == AT
    amount = BudgetAmount.objects.get(line__key="total", year=2019)
    assert (amount.value, amount.printed) == (Decimal("4505.00"), "5 610,0")
    assert printed_pack(programme).row("budget", "total").cell("2019").printed == "5 610,0"  # type: ignore[union-attr]
    assert finding_counts(programme).corrected == 1


def test_correcting_a_cell_lets_other_findings_follow(programme: Programme) -> None:
    """The ratio of school 2 is right once its number of computers is."""
    finding, actor = still("list.ratio", row="school-02"), operator()
    domain_value = "84"  # 84 ÷ 300 = 0,28
    line = Finding.objects.create(
        programme=programme,
        fingerprint="by-hand",
        rule="by.hand",
        severity="note",
        table="organisations",
        row="school-02",
        column="computers",
        printed="80",
        place="строка 2",
        found_at=AT,
    )
    decide(actor, line, status="corrected", value=domain_value)
    finding.refresh_from_db()
    assert finding.status == FindingStatus.OPEN
    assert finding.gone_at == AT
    assert ListEntry.objects.get(key="school-02").computers == 84


def test_taking_a_correction_back_opens_the_finding_again(programme: Programme) -> None:
    finding, actor = still("budget.year-total"), operator()
    decide(actor, finding, status="corrected", value="4 505,0")
    domain.reopen(finding=finding.pk, reason="Ошиблись", actor=actor, at=LATER)
    domain.recheck(programme.pk, at=LATER)
    finding.refresh_from_db()
    assert (finding.status, finding.gone_at, finding.decided_by) == ("open", None, None)
    assert BudgetAmount.objects.get(line__key="total", year=2019).value == Decimal("5610.00")
    said = [(e.action, e.data["reason"]) for e in queries.trace(finding)]
    assert said[0] == ("programme.finding.reopened", "Ошиблись")
    assert len(said) == 2


@pytest.mark.parametrize("value", ["много", "", "1" * 30, "9" * 18])
def test_a_correction_must_fit_its_cell(programme: Programme, value: str) -> None:
    with pytest.raises(ValidationError):
        decide(operator(), still("budget.year-total"), status="corrected", value=value)
    assert not Correction.objects.exists()


def test_a_whole_rule_is_corrected_by_its_suggestions(programme: Programme) -> None:
    wrong = list(Finding.objects.filter(rule="list.ratio"))
    assert decide(operator(), *wrong, status="corrected") == 18
    assert queries.in_state(Finding.objects.filter(rule="list.ratio"), "open").count() == 0
    entry = ListEntry.objects.get(key="school-02")
    assert (entry.printed_ratio, entry.printed["ratio"]) == (Decimal("0.2700"), "0,28")


def test_the_order_of_the_list_can_be_put_right(programme: Programme) -> None:
    wrong = list(Finding.objects.filter(rule="list.order"))
    assert decide(operator(), *wrong, status="corrected") == 2
    assert not queries.in_state(Finding.objects.filter(rule="list.order"), "open").exists()
    first = ListEntry.objects.get(section="school", number=1)
    assert first.key == "school-28"
    assert first.printed["number"] == "28"


def test_all_mechanical_corrections_together_leave_only_judgement(programme: Programme) -> None:
    actor = operator()
    for finding in Finding.objects.exclude(suggestion=""):
        decide(actor, finding, status="corrected")
    pack = corrected(printed_pack(programme), standing(programme))
    left = [f for f in check(pack) if f.suggestion]
    assert left == []


def test_a_correction_ends_when_the_document_prints_something_else(programme: Programme) -> None:
    actor = operator()
    finding = still("budget.year-total")
    decide(actor, finding, status="corrected", value="4 505,0")
    loaded(changed("budget", "total", "2019", "4 600,0"), at=LATER)
    assert Correction.objects.get().ended_at == LATER
    now = queries.in_state(Finding.objects.filter(rule="budget.year-total"), "open").get()
    assert (now.printed, now.pk == finding.pk) == ("4 600,0", False)


def test_a_correction_outlives_a_reload_of_the_same_print(programme: Programme) -> None:
    actor = operator()
    decide(actor, still("budget.year-total"), status="corrected", value="4 505,0")
    loaded(changed("budget", "B212", "2020", "51,5"), at=LATER)
    assert Correction.objects.get().ended_at is None
    assert BudgetAmount.objects.get(line__key="total", year=2019).value == Decimal("4505.00")


def test_one_cell_has_one_correction(programme: Programme) -> None:
    finding, actor = still("budget.year-total"), operator()
    decide(actor, finding, status="corrected", value="4 505,0")
    decide(actor, finding, status="corrected", value="4 506,0")
    assert Correction.objects.filter(ended_at=None).count() == 1
    assert BudgetAmount.objects.get(line__key="total", year=2019).value == Decimal("4506.00")


def test_the_pages_decide_and_undo(programme: Programme, client: Client) -> None:
    actor = operator()
    client.force_login(User.objects.get(pk=actor.user_id))
    finding = still("budget.year-total")
    url = reverse("programme:finding", args=[finding.pk])
    assert "4 505,0" in client.get(url).content.decode()
    assert client.post(url, {"status": "corrected", "value": "x", "reason": "р"}).status_code == 422
    assert client.post(url, {"status": "accepted", "reason": ""}).status_code == 422
    sent = {"status": "corrected", "value": "4 505,0", "reason": "Сумма статей"}
    assert client.post(url, sent).status_code == 302
    page = client.get(url).content.decode()
    assert "Сумма статей" in page
    client.post(reverse("programme:reopen", args=[finding.pk]), {"reason": "Вернуть"})
    finding.refresh_from_db()
    assert finding.status == FindingStatus.OPEN


def test_many_are_decided_at_once_from_the_list(programme: Programme, client: Client) -> None:
    actor = operator()
    client.force_login(User.objects.get(pk=actor.user_id))
    ids = [str(f.pk) for f in Finding.objects.filter(rule="identity.unclear")]
    url = reverse("programme:decide_many")
    assert client.post(url, {"finding": ids, "status": "waived"}).status_code == 422
    assert client.post(url, {"status": "waived", "reason": "р"}).status_code == 422
    client.post(url, {"finding": ids, "status": "waived", "reason": "Адрес различает"})
    assert Finding.objects.filter(status="waived").count() == len(ids) > 10


@pytest.mark.parametrize("state", ["", "accepted", "corrected", "waived", "gone", "all"])
def test_the_list_filters_and_exports(programme: Programme, client: Client, state: str) -> None:
    client.force_login(User.objects.get(pk=operator().user_id))
    url = reverse("programme:findings")
    for query in ("q=0,28", "rule=list.ratio", "severity=note", "table=budget", "export=csv"):
        answer = client.get(f"{url}?state={state}&{query}")
        assert answer.status_code == 200
    whole = b"".join(client.get(f"{url}?state=all&export=csv").streaming_content).decode()
    assert whole.count("\n") == 1 + Finding.objects.count()


def test_as_many_queries_for_few_as_for_many(programme: Programme, client: Client) -> None:
    client.force_login(User.objects.get(pk=operator().user_id))
    url = reverse("programme:findings")

    def cost(query: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url + query).status_code == 200
        return len(asked)

    cost("")
    assert cost("?rule=budget.year-total") == cost("?state=all") <= 12


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.HEAD, Role.EXPERT])
def test_others_do_not_see_findings(programme: Programme, client: Client, role: str) -> None:
    client.force_login(User.objects.get(pk=seated(role).user_id))
    finding = Finding.objects.all()[0]
    for name, args in (("findings", []), ("finding", [finding.pk])):
        assert client.get(reverse(f"programme:{name}", args=args)).status_code == 404
    ids = {"finding": str(finding.pk), "status": "waived", "reason": "р"}
    assert client.post(reverse("programme:decide_many"), ids).status_code == 404
    finding.refresh_from_db()
    assert finding.status == FindingStatus.OPEN


ADDRESS = "{}, г. Осинники, ул. Советская, д.23"


def address_now(programme: Programme) -> str:
    now = corrected(printed_pack(programme), standing(programme))
    row = now.row("organisations", "school-25")
    assert row is not None
    return row.cell("address").printed


@pytest.mark.parametrize("value", ["652811", ADDRESS.format("652811")])
def test_a_corrected_postcode_leaves_the_rest_of_the_address(
    programme: Programme, value: str
) -> None:
    """The finding is of a part of its cell: that part is offered, and entered."""
    finding, actor = still("address.postcode"), operator()
    assert finding.printed == "659811"
    assert decide(actor, finding, status="corrected", value=value) == 1
    assert address_now(programme) == ADDRESS.format("652811")
    assert decide(actor, finding, status="corrected", value=value) == 0
    finding.refresh_from_db()
    decide(actor, finding, status="corrected", value="650811")
    assert address_now(programme) == ADDRESS.format("650811")


def test_a_corrected_finding_offers_what_it_was_corrected_to(
    programme: Programme, client: Client
) -> None:
    finding, actor = still("budget.year-total"), operator()
    decide(actor, finding, status="corrected", value="4 506,0")
    client.force_login(User.objects.get(pk=actor.user_id))
    page = client.get(reverse("programme:finding", args=[finding.pk]))
    assert page.context["form"].initial["value"] == "4 506,0"
