"""Findings: the list, one finding, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.programme.access import FINDINGS
from sreda.programme.domain import findings as domain
from sreda.programme.enums import FindingStatus, Severity
from sreda.programme.models import Finding, Programme
from sreda.programme.pack import Column as PackColumn
from sreda.programme.queries import findings as queries
from sreda.programme.queries.stored import corrected, printed_pack, standing
from sreda.programme.tasks import defer_recheck
from sreda.programme.web.base import actor_of, add_errors, chosen, page, uuids, visible
from sreda.programme.web.titles import LIST_COLUMNS, TABLES, rule_title, table_title
from sreda.ui.pages import under_way, work_bar

STATES = [
    *((key, label) for key, label in FindingStatus.choices if key != FindingStatus.OPEN),
    ("gone", gettext_lazy("No more in the document")),
    ("all", gettext_lazy("In any state")),
]
VERDICTS = [
    (
        FindingStatus.ACCEPTED,
        gettext_lazy("Accept: it is a fault of the document and stays printed"),
    ),
    (
        FindingStatus.CORRECTED,
        gettext_lazy("Correct: compute with the right value beside the printed"),
    ),
    (FindingStatus.WAIVED, gettext_lazy("Waive: it is no fault here")),
]


def words(finding: Finding) -> str:
    """The finding in plain words, in the language of the page."""
    return in_language(finding.texts)


def in_language(texts: dict[str, str]) -> str:
    code = (get_language() or "ru").split("-")[0]
    return texts.get(code) or texts.get("ru") or next(iter(texts.values()), "")


class DecisionForm(forms.Form):
    status = forms.ChoiceField(
        label=gettext_lazy("Decision"), choices=VERDICTS, widget=forms.RadioSelect
    )
    value = forms.CharField(
        label=gettext_lazy("Corrected value"),
        required=False,
        max_length=10_000,
        help_text=gettext_lazy("For a correction. What is printed stays beside it."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=domain.REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Why so: for whoever reads it in a year."),
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cell = bool(finding.row and finding.column)
        if not cell:
            del self.fields["value"]
        if not cell and not finding.right_order:
            field = self.fields["status"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [v for v in VERDICTS if v[0] != FindingStatus.CORRECTED]


def _columns() -> list[Column]:
    return [
        Column(gettext_lazy("Severity"), lambda f: f.get_severity_display()),
        Column(gettext_lazy("Rule"), lambda f: str(rule_title(f.rule))),
        Column(gettext_lazy("Table"), lambda f: str(table_title(f.table))),
        Column(gettext_lazy("Place"), lambda f: f.place),
        Column(gettext_lazy("Printed"), lambda f: f.printed),
        Column(gettext_lazy("Computed"), lambda f: f.computed),
        Column(gettext_lazy("Finding"), words),
        Column(gettext_lazy("Suggested correction"), lambda f: f.suggestion),
        Column(gettext_lazy("State"), lambda f: f.get_status_display()),
        Column(gettext_lazy("Reason"), lambda f: f.reason),
        Column(
            gettext_lazy("Decided by"), lambda f: f.decided_by.full_name if f.decided_by else ""
        ),
    ]


def _listing(request: HttpRequest, programme: Programme) -> Listing[Finding]:
    actor = actor_of(request)
    rows = FINDINGS.all(actor).filter(programme=programme).select_related("decided_by")
    if not request.GET.get("state"):
        rows = queries.in_state(rows, FindingStatus.OPEN)

    def state(found: QuerySet[Finding], value: str) -> QuerySet[Finding]:
        return found if value == "all" else queries.in_state(found, value)

    rules = queries.rules_of(programme)
    return Listing(
        rows,
        request.GET,
        search=queries.matching,
        filter_by=[
            Filter("state", gettext_lazy("State (open ones at first)"), STATES, state),
            Filter("severity", gettext_lazy("Severity"), Severity.choices),
            Filter("table", gettext_lazy("Table"), list(TABLES.items())),
            Filter("rule", gettext_lazy("Rule"), [(r, f"{rule_title(r)} · {n}") for r, n in rules]),
        ],
        sorts={
            "position": ["position"],
            "place": ["table", "row", "position"],
            "rule": ["rule", "position"],
        },
        default_sort="position",
        columns=_columns(),
        name="findings",
        page_size=50,
    )


@page
@require_GET
def findings(request: HttpRequest) -> HttpResponseBase:
    visible(FINDINGS.may(actor_of(request), "view"))
    return _list(request)


def _list(request: HttpRequest, errors: list[str] | None = None) -> HttpResponseBase:
    programme = chosen(request)
    if programme is None:
        return render(request, "programme/nothing.html")
    listing = _listing(request, programme)
    if not errors and (exported := listing.export()):
        return exported
    context = {
        "programme": programme,
        "listing": listing,
        "rows": [(f, words(f), rule_title(f.rule)) for f in listing.page],
        "bulk": VERDICTS,
        "errors": errors,
        "reason": request.POST.get("reason", ""),
        "chosen": set(request.POST.getlist("finding")),
        **rechecking(programme),
    }
    return render(request, "programme/findings.html", context, status=422 if errors else 200)


@page
@require_POST
def decide_many(request: HttpRequest) -> HttpResponseBase:
    """One decision with one reason for all ticked findings; a correction takes the suggestions."""
    actor = actor_of(request)
    visible(FINDINGS.may(actor, "view"))
    FINDINGS.require(actor, "decide")
    ids = uuids(request.POST.getlist("finding"))
    allowed = FINDINGS.all(actor, "decide").filter(pk__in=ids).values_list("pk", flat=True)
    try:
        if not ids:
            raise ValidationError(_("Tick the findings first."))
        done = domain.decide(
            findings=list(allowed),
            status=request.POST.get("status", ""),
            reason=request.POST.get("reason", ""),
            actor=actor,
            at=clock.now(),
        )
    except ValidationError as error:
        return _list(request, error.messages)
    _check_again(actor, allowed)
    messages.success(
        request, ngettext("%(n)s finding decided.", "%(n)s findings decided.", done) % {"n": done}
    )
    back = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(back) if ours else redirect("programme:findings")


@page
@require_http_methods(["GET", "POST"])
def finding(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = FINDINGS.get(actor, "view", pk=pk)
    starting = {"value": found.suggestion or found.printed}
    if found.status != FindingStatus.OPEN:
        starting |= {"status": found.status, "reason": found.reason}
        made = found.corrections.filter(ended_at=None).exclude(value="").first()
        if made is not None:
            starting["value"] = made.value
    sent = request.POST if request.method == "POST" else None
    form = DecisionForm(sent, finding=found, initial=starting)
    if request.method == "POST":
        FINDINGS.require(actor, "decide", found)
        if form.is_valid():
            status = form.cleaned_data["status"]
            is_cell = status == FindingStatus.CORRECTED and "value" in form.fields
            try:
                domain.decide(
                    findings=[found.pk],
                    status=status,
                    reason=form.cleaned_data["reason"],
                    value=form.cleaned_data["value"] if is_cell else None,
                    actor=actor,
                    at=clock.now(),
                )
            except ValidationError as error:
                add_errors(form, error)
            else:
                _check_again(actor, [found.pk])
                messages.success(request, _("The decision is kept."))
                return redirect("programme:finding", pk=pk)
    printed = printed_pack(found.programme)
    row = queries.context_of(found, printed)
    in_force = corrected(printed, standing(found.programme))
    context = {
        "finding": found,
        "programme": found.programme,
        "words": words(found),
        "advice": in_language(found.advice),
        "rule": rule_title(found.rule),
        "table": table_title(found.table),
        "context": row,
        "heads": [_head(found.table, column) for column in row.columns] if row else [],
        "right_order": queries.right_order(found, in_force),
        "correction": queries.correction_of(found),
        "trace": [_step(entry) for entry in queries.trace(found)],
        "form": form,
        "may_decide": FINDINGS.may(actor, "decide", found),
        **rechecking(found.programme),
        **_neighbours(request, found),
    }
    return render(request, "programme/finding.html", context, status=422 if form.errors else 200)


def _check_again(actor: Actor, ids: Iterable[UUID]) -> None:
    """The worker takes up a document that waits to be checked again."""
    decided = FINDINGS.all(actor).filter(
        pk__in=list(ids), programme__recheck_asked_at__isnull=False
    )
    for pk in decided.order_by().values_list("programme", flat=True).distinct():
        defer_recheck(pk)


@page
@require_http_methods(["GET", "POST"])
def recheck(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """How far the check after decisions is, for htmx; a POST asks for it again where it failed."""
    actor = actor_of(request)
    visible(FINDINGS.may(actor, "view"))
    programme = get_object_or_404(Programme, pk=pk)
    if request.method == "POST":
        FINDINGS.require(actor, "decide")
        if domain.recheck_anew(pk, at=clock.now()):
            defer_recheck(pk)
        return redirect("programme:findings")
    if programme.recheck_asked_at:
        return work_bar(request, rechecking(programme)["work"])
    answer = render(request, "programme/parts/recheck.html", {"programme": programme})
    answer.headers["HX-Retarget"] = "#recheck"
    return answer


def rechecking(programme: Programme) -> dict[str, Any]:
    """What `programme/parts/recheck.html` reads beside the programme."""
    if programme.recheck_asked_at is None:
        return {}
    label = _("The document is being checked again after decisions")
    url = reverse("programme:recheck", args=[programme.pk])
    return {"work": under_way(programme.recheck_percent, label, url)}


def _head(table: str, column: PackColumn) -> str:
    """The document's heading with its number; the list has short ones."""
    if table == "organisations" and column.key in LIST_COLUMNS and column.key != "name":
        return str(LIST_COLUMNS[column.key])
    return f"{column.graph}. {column.title}" if column.graph else column.title


def _neighbours(request: HttpRequest, found: Finding) -> dict[str, Any]:
    """The next open one, so that a person can work through them."""
    rows = queries.in_state(
        FINDINGS.all(actor_of(request)).filter(programme=found.programme), FindingStatus.OPEN
    ).exclude(pk=found.pk)
    ahead = rows.filter(position__gte=found.position).order_by("position").first()
    return {"next_open": ahead or rows.order_by("position").first()}


def _step(entry: Any) -> dict[str, Any]:
    status = entry.data.get("status", "")
    label = dict(FindingStatus.choices).get(status, status)
    taken_back = entry.action == "programme.finding.reopened"
    return {
        "title": _("Decision taken back") if taken_back else label,
        "at": entry.at,
        "actor": entry.actor_label,
        "text": entry.data.get("reason", ""),
        "changes": [(_("Value"), entry.data.get("printed"), entry.data["value"])]
        if entry.data.get("value")
        else [],
        "tone": "warning" if taken_back else "primary",
        "icon": "arrow-back" if taken_back else "gavel",
    }


@page
@require_POST
def reopen(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = FINDINGS.get(actor, "decide", pk=pk)
    try:
        domain.reopen(
            finding=found.pk, reason=request.POST.get("reason", ""), actor=actor, at=clock.now()
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        _check_again(actor, [found.pk])
        messages.success(request, _("The decision is taken back; the finding is open again."))
    return redirect("programme:finding", pk=pk)
