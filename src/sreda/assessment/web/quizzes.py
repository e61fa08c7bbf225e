"""Tests of the bank: the list, one test, composing it from items; all without a script."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from sreda.assessment import qti
from sreda.assessment.access import OPERATOR, SITTINGS, TESTS
from sreda.assessment.domain import quizzes as domain
from sreda.assessment.domain import tests as writing
from sreda.assessment.domain.reading import item_of
from sreda.assessment.domain.tests import Place, Plan
from sreda.assessment.domain.versions import Stale
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, Test, TestVersion
from sreda.assessment.queries import bank as queries
from sreda.assessment.rendering import render_item
from sreda.assessment.web.bank import kinds_said, organisation_of, view_of, whose_said
from sreda.kernel import clock
from sreda.kernel.api import Actor, Column, Filter, Listing
from sreda.ui.pages import actor_of, key_of, page, visible

FOUND = 20
PLACES = 300
SECTIONS = 30
PREVIEWED = 40
NAVIGATION = [("nonlinear", gettext_lazy("in any order, with a way back")),
              ("linear", gettext_lazy("one after another, without a way back"))]  # fmt: skip
SUBMISSION = [("simultaneous", gettext_lazy("all at the end")),
              ("individual", gettext_lazy("each by itself"))]  # fmt: skip
FLAGS = ("shuffle", "show_feedback", "allow_review", "allow_skipping")


def rows_of(actor: Actor, *, archived: bool) -> QuerySet[Test]:
    rows = TESTS.all(actor).filter(archived_at__isnull=not archived)
    if OPERATOR.decide(actor) is not True:
        own = queries.own_bank(actor)
        rows = rows.filter(own)
    return rows.select_related("organisation", "current").annotate(
        placed=Count("current__items", distinct=True)
    )


@page
@require_GET
def quizzes(request: HttpRequest) -> HttpResponseBase:
    """The list."""
    actor = actor_of(request)
    visible(TESTS.may(actor, "view") and TESTS.may(actor, "add"))
    states = [("ready", gettext_lazy("Ready for use")), ("draft", gettext_lazy("Has a draft"))]
    listing = Listing(
        rows_of(actor, archived=request.GET.get("kept") == "archived"),
        request.GET,
        search=lambda rows, text: rows.filter(title__icontains=text),
        filter_by=[
            Filter("state", gettext_lazy("State"), states, lambda rows, value:
                   rows.filter(current__isnull=False) if value == "ready"
                   else rows.filter(versions__status=ItemStatus.DRAFT)),
            Filter("kept", gettext_lazy("Archive"), [("archived", gettext_lazy("In the archive"))],
                   lambda rows, value: rows),
        ],
        sorts={"title": ["title"], "made": ["-made_at"], "author": ["author_name"]},
        default_sort="made",
        columns=[
            Column(gettext_lazy("Title"), lambda row: row.title),
            Column(gettext_lazy("Items"), lambda row: row.placed),
            Column(gettext_lazy("Author"), lambda row: row.author_name),
        ],
        name="tests",
    )  # fmt: skip
    if (export := listing.export()) is not None:
        return export
    return render(request, "assessment/bank/quizzes.html", {"listing": listing})


def found_test(request: HttpRequest, pk: UUID, action: str = "view") -> Test:
    actor = actor_of(request)
    visible(TESTS.may(actor, "add"))
    test = TESTS.get(actor, action, pk=pk)
    if test.current_id is None and not queries.sees_drafts(actor, test):
        raise Http404
    return test


@page
def quiz_new(request: HttpRequest) -> HttpResponseBase:
    """A title; the draft is made at once."""
    actor = actor_of(request)
    visible(TESTS.may(actor, "add"))
    title = " ".join(request.POST.get("title", "").split())[:300]
    error = ""
    if request.method == "POST":
        if title:
            plan = Plan(title=title, sections=(_("Section 1"),), places=())
            content, bound = writing.written(plan, f"test-{uuid4().hex[:12]}")
            made = writing.add_test(
                content=content, bound=bound, organisation_id=organisation_of(actor),
                actor=actor, at=clock.now(), key=key_of(request, "test"),
            )  # fmt: skip
            return redirect("assessment:quiz_edit", pk=made.pk)
        error = _("Give it a title.")
    status = 422 if error else 200
    context = {"title": title, "error": error}
    return render(request, "assessment/bank/quiz_new.html", context, status=status)


@page
@require_GET
def quiz(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A test with its items as learners see them."""
    actor = actor_of(request)
    found = found_test(request, pk)
    versions = list(found.versions.order_by("-number"))
    if not queries.sees_drafts(actor, found):
        versions = [one for one in versions if one.status != ItemStatus.DRAFT]
    wanted = request.GET.get("version", "")
    version = next((one for one in versions if str(one.number) == wanted), versions[0])
    before = next((one for one in versions if one.number < version.number), None)
    places = list(version.items.select_related("item_version__item")[:PREVIEWED])
    rows = []
    for place in places:
        read = item_of(place.item_version)
        view = view_of(
            request, place.item_version, prefix=f"q{place.number}-", right=True, closed=True
        )
        body = render_item(read, qti.start(read, seed=1), view).body
        rows.append({"place": place, "body": body})
    context = {
        "test": found, "version": version, "versions": versions, "rows": rows,
        "whose": whose_said(found),
        "faults": [str(qti.Issue(str(one["code"]), params=one.get("params", {})).said(_))
                   for one in version.faults],
        "changes": queries.difference(before.content, version.content) if before else [],
        "before": before,
        "may": TESTS.may(actor, "change", found),
        "may_give": found.current_id is not None and found.archived_at is None
        and SITTINGS.may(actor, "add"),
        "draft": next((one for one in versions if one.status == ItemStatus.DRAFT), None),
    }  # fmt: skip
    return render(request, "assessment/bank/quiz.html", context)


@page
def quiz_edit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Compose the draft; a test that a plan cannot say is edited as XML."""
    found = found_test(request, pk, "change")
    draft = found.versions.filter(status=ItemStatus.DRAFT).first()
    if draft is None:
        return redirect("assessment:quiz", pk=pk)
    bound = domain.bound_of(draft)
    plan = domain.plan_of(draft.content, bound)
    if plan is None:
        return _as_xml(request, found, draft, bound)
    if request.method != "POST":
        return _composed(request, found, draft, plan)
    errors: dict[str, str] = {}
    plan = typed(request, bound, errors)
    do = request.POST.get("do", "save")
    if not do.startswith("save"):
        return _composed(request, found, draft, changed(request, plan, do), errors)
    errors = domain.faults_of(plan) | errors
    if errors:
        return _composed(request, found, draft, plan, errors, status=422)
    root = qti.read_xml(draft.content.encode())
    content, placed = writing.written(plan, root.get("identifier"))
    return _saved(request, found, draft, content, placed, plan)


def _saved(
    request: HttpRequest, test: Test, draft: TestVersion, content: str,
    bound: dict[str, Item], plan: Plan | None,
) -> HttpResponseBase:  # fmt: skip
    edition = request.POST.get("edition", "")
    root = qti.read_xml(content.encode())
    try:
        writing.save_draft(
            draft, edition=int(edition) if edition.isdecimal() else 0, content=content,
            bound=bound, actor=actor_of(request), at=clock.now(), title=root.get("title") or None,
        )  # fmt: skip
    except Stale as stale:
        current = stale.current
        assert isinstance(current, TestVersion)
        other = queries.difference(current.content, content)
        if plan is None:
            return _as_xml(request, test, current, bound, content=content, other=other)
        return _composed(request, test, current, plan, other=other, status=409)
    except ValidationError as error:
        errors = {"content": " ".join(error.messages)}
        if plan is None:
            return _as_xml(request, test, draft, bound, content=content, errors=errors)
        return _composed(request, test, draft, plan, errors, status=422)
    messages.success(request, _("Saved."))
    if request.POST.get("do") == "save-on":
        return redirect("assessment:quiz_edit", pk=test.pk)
    return redirect("assessment:quiz", pk=test.pk)


def _as_xml(
    request: HttpRequest, test: Test, draft: TestVersion, bound: dict[str, Item], *,
    content: str = "", errors: dict[str, str] | None = None,
    other: list[tuple[str, str]] | None = None,
) -> HttpResponseBase:  # fmt: skip
    sent = request.POST.get("content", "") if request.method == "POST" else ""
    if sent and not content:
        try:
            qti.read_xml(sent.encode())
        except qti.QtiError as error:
            errors = {"content": error.issue.text(_)}
        else:
            return _saved(request, test, draft, sent, bound, None)
    context = {
        "test": test, "draft": draft, "content": content or sent or draft.content,
        "errors": errors or {}, "changes": other or [], "places": sorted(bound.items()),
    }  # fmt: skip
    status = 422 if errors else 409 if other else 200
    return render(request, "assessment/bank/quiz_xml.html", context, status=status)


def typed(request: HttpRequest, bound: dict[str, Item], errors: dict[str, str]) -> Plan:
    """The plan as it was typed; items are those the actor sees, or that stand in it already."""
    post = request.POST
    keys = post.getlist("place-item")[:PLACES]
    there = {str(one.pk): one for one in bound.values()}
    there |= _items(actor_of(request), [key for key in keys if key not in there])
    weights, sections = post.getlist("place-weight"), post.getlist("place-section")
    titles = [" ".join(one.split())[:200] for one in post.getlist("section-title")[:SECTIONS]]
    titles = titles or [_("Section 1")]
    places = []
    for number, key in enumerate(keys):
        if key not in there:
            continue
        at = _number(sections[number] if number < len(sections) else "0") or 0
        weight = _weight(weights[number] if number < len(weights) else "1", errors)
        places.append(Place(there[key], weight, min(at, len(titles) - 1)))
    takes = [_number(one) for one in post.getlist("section-take")[: len(titles)]]
    return Plan(
        title=" ".join(post.get("title", "").split())[:300],
        sections=tuple(titles),
        places=tuple(places),
        take=tuple(takes),
        navigation=_one_of(post, "navigation", NAVIGATION),
        submission=_one_of(post, "submission", SUBMISSION),
        minutes=_number(post.get("minutes", "")) or None,
        max_attempts=_number(post.get("max_attempts", "1")) or 0,
        **{name: bool(post.get(name)) for name in FLAGS},  # type: ignore[arg-type]
    )


def _items(actor: Actor, keys: list[str]) -> dict[str, Item]:
    wanted = []
    for key in keys:
        try:
            wanted.append(UUID(key))
        except ValueError:
            continue
    return {str(one.pk): one for one in queries.items(actor).filter(pk__in=wanted)
            .select_related("current")} if wanted else {}  # fmt: skip


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() and len(text.strip()) < 5 else None


def _weight(text: str, errors: dict[str, str]) -> Decimal:
    try:
        found = Decimal(text.strip().replace(",", ".") or "1")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > 1000:
        errors["places"] = _("“%(value)s” is not a weight.") % {"value": text[:20]}
        return Decimal(1)
    return found.quantize(Decimal("0.0001")).normalize()


def _one_of(post: QueryDict, name: str, choices: list[tuple[str, Any]]) -> str:
    value = post.get(name, "")
    return value if value in {key for key, _label in choices} else choices[0][0]


def changed(request: HttpRequest, plan: Plan, do: str) -> Plan:
    """The plan after a button: lines moved or taken away, found items added, a section more."""
    what, _colon, rest = do.partition(":")
    verb, _colon, place = rest.partition(":")
    at = _number(place)
    places, sections, take = list(plan.places), list(plan.sections), list(plan.take)
    take += [None] * (len(sections) - len(take))
    if what == "add":
        into = min(_number(request.POST.get("into", "0")) or 0, len(sections) - 1)
        found = _items(actor_of(request), request.POST.getlist("found"))
        places += [Place(one, section=into) for one in found.values()][: PLACES - len(places)]
    elif what == "section" and verb == "add" and len(sections) < SECTIONS:
        sections.append(_("Section %(number)s") % {"number": len(sections) + 1})
        take.append(None)
    elif what == "section" and verb == "remove" and at is not None and at < len(sections) > 1:
        del sections[at], take[at]
        places = [
            replace(one, section=one.section - (one.section >= at and one.section > 0))
            for one in places
        ]
    elif what == "place" and at is not None and at < len(places):
        if verb == "remove":
            del places[at]
        else:
            step = -1 if verb == "up" else 1
            other = at + step
            while 0 <= other < len(places) and places[other].section != places[at].section:
                other += step
            if 0 <= other < len(places):
                places[at], places[other] = places[other], places[at]
    return replace(plan, places=tuple(places), sections=tuple(sections), take=tuple(take))


def _composed(
    request: HttpRequest, test: Test, draft: TestVersion, plan: Plan,
    errors: dict[str, str] | None = None, *, other: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    text = request.POST.get("q", "").strip()[:200]
    results: list[dict[str, Any]] = []
    if request.method == "POST" and request.POST.get("do") == "search":
        rows = queries.items(actor_of(request))
        rows = queries.matching(rows, text) if text else rows.order_by("-made_at")
        for one in rows[:FOUND]:
            live = getattr(one, "live", [])
            results.append({"item": one, "kinds": kinds_said(live[0].interactions) if live else ""})
    takes = [*plan.take, *[None] * len(plan.sections)]
    sections = [
        {
            "number": number,
            "title": title,
            "take": "" if takes[number] is None else takes[number],
            "places": [
                {"at": at, "item": one.item, "weight": f"{one.weight.normalize():f}"}
                for at, one in enumerate(plan.places)
                if one.section == number
            ],
        }
        for number, title in enumerate(plan.sections)
    ]
    context = {
        "test": test, "draft": draft, "plan": plan, "sections": sections,
        "titles": list(enumerate(plan.sections)), "errors": errors or {}, "changes": other or [],
        "q": text, "results": results, "searched": request.POST.get("do") == "search",
        "navigation": NAVIGATION, "submission": SUBMISSION,
    }  # fmt: skip
    return render(request, "assessment/bank/quiz_edit.html", context, status=status)
