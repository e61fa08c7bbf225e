"""A learner's pages: tests that wait, the attempt, what came of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_POST

from sreda.assessment import qti
from sreda.assessment.access import ATTEMPTS, RESULTS, SITTINGS
from sreda.assessment.domain import attempts, marking
from sreda.assessment.domain.attempts import Running
from sreda.assessment.enums import AppealStatus, AttemptStatus
from sreda.assessment.hot import INSERT, Message, arguments, issue
from sreda.assessment.models import AnswerFile, Attempt, Resource
from sreda.assessment.qti.values.types import File, items_of
from sreda.assessment.queries import taking
from sreda.assessment.queries.bank import stimuli_of
from sreda.assessment.rendering import Page, render_item
from sreda.assessment.rendering.files import SHOWN, STORED, served, stored
from sreda.assessment.web.materials import materials
from sreda.assessment.web.portable import portable_at
from sreda.kernel import clock
from sreda.kernel.api import Actor, Filter, Listing, path_of, store
from sreda.kernel.middleware import policy
from sreda.ui.pages import actor_of, key_of, page, visible

PREFIX = "i-"
UPLOADS = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".docx", ".xlsx", ".odt", ".txt", ".csv", ".zip"}
)
MEGABYTE = 1024 * 1024


@page
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """Tests given to the learner: those that are not over first."""
    actor, at = actor_of(request), clock.now()
    visible(SITTINGS.may(actor, "take"))
    listing = Listing(
        rows=taking.given_to(actor, at),
        params=request.GET,
        search=lambda rows, text: rows.filter(title__icontains=text),
        filter_by=[
            Filter(
                "state",
                _("State"),
                [
                    ("now", pgettext("test", "Not over yet")),
                    ("over", pgettext("test", "Over")),
                ],
                lambda rows, state: rows.filter(
                    taking.over(at) if state == "over" else ~taking.over(at)
                ),
            )
        ],
        sorts={"time": ["over", "-opens_at"]},
        default_sort="time",
        page_size=24,
        complete=taking.with_own(actor, at),
    )
    return render(request, "assessment/mine.html", {"listing": listing})


@page
def sitting(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Before the attempt: what is allowed, and the button that begins."""
    actor, at = actor_of(request), clock.now()
    found = SITTINGS.all(actor, "take").filter(pk=pk).distinct().first()
    if found is None or actor.person_id is None:
        raise Http404
    if request.method == "POST":
        try:
            attempt = attempts.begin(found, actor=actor, at=at)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("assessment:sitting", pk=pk)
        return redirect("assessment:attempt", pk=attempt.pk)
    given = taking.given(found, actor.person_id, at)
    reason = attempts.why_not(found, actor.person_id, at=at)
    context = {"given": given, "sitting": found, "reason": "" if given.open else reason}
    return render(request, "assessment/sitting.html", context)


@page
def attempt(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The item one is at; a POST keeps its answer and goes where it is told."""
    actor, at = actor_of(request), clock.now()
    found = ATTEMPTS.get(actor, "answer", pk=pk)
    if request.method == "POST" and found.status == AttemptStatus.OPEN:
        return step(request, found)
    found = Attempt.objects.select_related("sitting__version__test").get(pk=pk)
    if found.status == AttemptStatus.OPEN and at > found.ends_at + allowance(found):
        found = attempts.hand_in(found, actor=None, at=at)
    if found.status != AttemptStatus.OPEN:
        return redirect("assessment:result", pk=pk)
    run = attempts.running(found)
    problems = attempts.take_answers(run, at=at)  # for this page alone: nothing is saved by GET
    return shown(request, run, problems)


def allowance(found: Attempt) -> timedelta:
    return timedelta(seconds=found.sitting.allowance_seconds)


def step(request: HttpRequest, found: Attempt) -> HttpResponseBase:
    at = clock.now()
    keep(request, found)
    go, seen = request.POST.get("go", "next"), request.POST.get("ref", "")
    pressed = any(
        request.POST.get(f"{PREFIX}{name}") for name in request.POST.get("buttons", "").split()
    )
    try:
        match go.partition(":"):
            case ("hand-in", _colon, _rest):
                attempts.hand_in(found, actor=actor_of(request), at=at)
                return redirect("assessment:result", pk=found.pk)
            case ("to", _colon, key):
                run, problems = attempts.move(found, at=at, to=key)
            case ("part", _colon, _rest):
                run, problems = attempts.move(found, at=at, seen=seen, leave_part=True)
            case ("check", _colon, _rest):
                run, problems = attempts.move(found, at=at, seen=seen, submit=True)
            case _ if pressed:
                run, problems = attempts.move(found, at=at, seen=seen, submit=True)
            case _:
                run, problems = onward(found, seen)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("assessment:attempt", pk=found.pk)
    if any(problems.values()):
        return shown(request, run, problems, status=422)
    warn(request, run, seen)
    return redirect("assessment:attempt", pk=found.pk)


def warn(request: HttpRequest, run: Running, ref: str) -> None:
    """Says what of the item that was left cannot be read; it is kept and may be mended."""
    entries = {entry.key: number for number, entry in enumerate(run.session.plan, 1)}
    here, item = run.session.current, run.session.item(ref) if ref in entries else None
    if item is None or here is None or here.key == ref:
        return
    for one in attempts.unread(item, attempts.fields_given(run.attempt).get(ref, {})):
        text = _("Task %(number)s: %(problem)s. Come back to it: as it is, it does not count.")
        messages.warning(request, text % {"number": entries[ref], "problem": one.text(_)})


def onward(found: Attempt, seen: str) -> tuple[Running, dict[str, list[qti.Problem]]]:
    """To the next item; where each is marked by itself, the one `seen` is submitted first."""
    at = clock.now()
    session = attempts.running(
        Attempt.objects.select_related("sitting__version").get(pk=found.pk)
    ).session
    here = next((one for one in session.reachable() if one.key == seen), session.current)
    part = next((p for p in session.test.parts if here and p.identifier == here.part), None)
    if here is not None and part is not None and part.submission == "individual":
        state = session.state_of(here.key)
        answered = found.answers.filter(ref=here.key).exists()
        if answered and state.status not in {"closed", "suspended"}:
            run, problems = attempts.move(found, at=at, seen=seen, submit=True)
            if any(problems.values()) or run.session.current is None:
                return run, problems
    return attempts.move(found, at=at, seen=seen)


def keep(request: HttpRequest, found: Attempt) -> None:
    """The fields of the item on the page, as one more answer where they differ from the last."""
    at, ref = clock.now(), request.POST.get("ref", "")[:100]
    fields = {
        name.removeprefix(PREFIX): [text for text in texts if text]
        for name, texts in request.POST.lists()
        if name.startswith(PREFIX)
    }
    fields = {name: texts for name, texts in fields.items() if any(texts)}
    last = found.answers.filter(ref=ref).order_by("-at").first()
    before = last.values.get("fields", {}) if last else {}
    fields |= files_of(request, found, before if isinstance(before, dict) else {})
    if not ref or fields == before:
        return
    values = json.dumps({"fields": fields}, ensure_ascii=False)
    message = Message(key_of(request, f"answer:{ref}") or uuid4(), found.pk, ref, values, at, at, 0)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, arguments([message]))


def files_of(
    request: HttpRequest, attempt: Attempt, before: dict[str, Any]
) -> dict[str, list[str]]:
    """Uploads are kept by the kernel's files; the response names the kept one. A file sent before
    stays while no other is sent."""
    found: dict[str, list[str]] = {}
    for name in request.POST.getlist("uploads"):
        if before.get(name):
            found[name] = before[name]
    for name, upload in request.FILES.items():
        if not name.startswith(PREFIX) or not name.endswith(":file"):
            continue
        try:
            with transaction.atomic():
                kept = store(
                    upload,  # type: ignore[arg-type]
                    at=clock.now(), actor=actor_of(request), kinds=UPLOADS, limit=20 * MEGABYTE,
                )  # fmt: skip
                AnswerFile.objects.create(attempt=attempt, file=kept)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            continue
        reference = base64.b64encode(f"{STORED}{kept.pk}".encode()).decode()
        value = {"file": {"name": kept.name, "mime": kept.content_type, "data": reference}}
        found[name.removeprefix(PREFIX).removesuffix(":file")] = [json.dumps(value)]
    return found


def shown(
    request: HttpRequest,
    run: Running,
    problems: dict[str, list[qti.Problem]],
    *,
    status: int = 200,
) -> HttpResponse:
    session, found = run.session, run.attempt
    here = session.current
    if here is None:
        return HttpResponseRedirect(reverse("assessment:result", args=[found.pk]))
    item, state = session.item(here.key), session.state_of(here.key)
    assert item is not None
    control = session.control(here.key)
    part = next(p for p in session.test.parts if p.identifier == here.part)
    told: dict[str, list[str]] = {}
    sent = attempts.fields_given(found).get(here.key, {})
    refused = problems.get(here.key, []) if status == 422 else []
    for one in dict.fromkeys((one.identifier, one.text(_)) for one in (
        *attempts.unread(item, sent), *refused
    )):  # fmt: skip
        told.setdefault(one[0], []).append(one[1])
    over = state.status == "closed"
    view = Page(
        prefix=PREFIX,
        resource=lambda href: resource_url(found, here.ref, href),
        portable=portable_at(request, found, here.ref),
        file=files_sent(found, "assessment:own_file", found.pk),
        sent=sent,
        closed=over,
        feedback=bool(control.show_feedback) or item.adaptive,
        problems=told,
    )
    rendered = render_item(item, state, view)
    reachable = {entry.key for entry in session.reachable()}
    places = [entry for entry in session.plan if entry.part == here.part]
    answered = attempts.answered(found)
    others = sum(entry.key not in answered for entry in places if entry.key != here.key)
    number = [entry.key for entry in places].index(here.key)
    now, hot = clock.now(), hot_address(request)
    context = {
        "attempt": found,
        "sitting": found.sitting,
        "here": here,
        "number": number + 1,
        "total": len(places),
        "places": [
            {
                "key": entry.key,
                "number": n,
                "here": entry.key == here.key,
                "answered": entry.key in answered,
            }
            for n, entry in enumerate(places, 1)
            if entry.key in reachable
        ],
        "asked": asked(others + (here.key not in answered)),
        "asked_answered": asked(others),
        "asked_empty": asked(others + 1),
        "previous": places[number - 1].key if number and reachable else "",
        "last": number + 1 == len(places),
        "last_part": part is session.test.parts[-1],
        "section": section_of(part, here),
        "materials": materials_of(found, here.ref) if item.stimuli else [],
        "body": rendered.body,
        "feedback": rendered.feedback if control.show_feedback or item.adaptive else "",
        "checks": part.submission == "individual" and not over and (
            bool(control.show_feedback) or item.adaptive
        ),
        "over": over,
        "buttons": " ".join(i.response for i in item.interactions if i.kind == "end-attempt"),
        "uploads": [i.response for i in item.interactions if i.kind in {"upload", "drawing"}],
        "ticket": ticket_of(found),
        "hot_url": hot,
        "ends": int(found.ends_at.timestamp() * 1000),
        "now": int(now.timestamp() * 1000),
        "prefix": PREFIX,
    }  # fmt: skip
    response = render(request, "assessment/attempt.html", context, status=status)
    if hot and not hot.startswith("/"):
        parts = urlsplit(hot)
        origin = f"{parts.scheme}://{parts.netloc}"
        response["Content-Security-Policy"] = policy(f"connect-src 'self' {origin}")
    return response


def asked(unanswered: int) -> str:
    """What is asked before a test is handed in."""
    if not unanswered:
        return _("Hand in the test? You cannot change your answers after it.")
    text = ngettext(
        "%(n)s task has no answer. Hand in?", "%(n)s tasks have no answer. Hand in?", unanswered
    )
    return text % {"n": unanswered}


def hot_address(request: HttpRequest) -> str:
    """Where the page sends answers first; empty where only the site takes them. A page of https
    may not send to the bare port, which has no certificate."""
    if settings.HOT_URL:
        return f"{settings.HOT_URL.rstrip('/')}/hot/answers"
    if not settings.HOT_PORT or request.is_secure():
        return ""
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.HOT_PORT}/hot/answers"


def section_of(part: qti.TestPart, here: qti.Entry) -> str:
    """The title of the innermost section around the item, where it is to be seen."""
    stack = [child for child in part.children if isinstance(child, qti.Section)]
    while stack:
        one = stack.pop()
        if here.sections and one.identifier == here.sections[-1]:
            return one.title if one.visible else ""
        stack += [child for child in one.children if isinstance(child, qti.Section)]
    return ""


def ticket_of(found: Attempt) -> str:
    return issue(settings.SECRET_KEY, found.pk, found.ends_at + allowance(found) * 2)


@page
@require_GET
def ticket(request: HttpRequest, pk: UUID) -> JsonResponse:
    """A new ticket for the page's script."""
    found = ATTEMPTS.get(actor_of(request), "answer", pk=pk)
    return JsonResponse({"ticket": ticket_of(found)})


def resource_url(found: Attempt, ref: str, href: str) -> str | None:
    """The served address of a file an item of the attempt shows, where there is such a file."""
    rows = Resource.objects.filter(
        version__placements__version=found.sitting.version_id,
        version__placements__ref=ref,
        href=href,
    )
    if not rows.exists():
        return None
    return reverse("assessment:resource", args=[found.pk, ref, href])


def files_sent(found: Attempt, name: str, pk: UUID) -> Callable[[File], str | None]:
    """Addresses (`name`, with `pk` and the file's) of what was sent in an attempt. A device may
    name any file in its answer: only what was sent for it is one."""
    there = set(found.files.values_list("file_id", flat=True))

    def address(file: File) -> str | None:
        kept = stored(file)
        return reverse(name, args=[pk, kept]) if kept in there else None

    return address


def files_in(
    session: qti.TestSession, address: Callable[[File], str | None]
) -> list[tuple[str, str]]:
    """Names and addresses of the files that are answers of the session."""
    values = [
        session.state_of(entry.key).values.get(name)
        for entry in session.plan
        if (item := session.item(entry.key)) is not None
        for name in item.responses
    ]
    files = [one for value in values if value is not None for one in items_of(value)]
    return [
        (f.name or _("a file"), there)
        for f in files
        if isinstance(f, File) and (there := address(f))
    ]


def sent_file(found: Attempt, file: UUID) -> HttpResponseBase:
    row = found.files.select_related("file").filter(file_id=file).first()
    if row is None or not path_of(row.file).exists():
        raise Http404
    return served(row.file, SHOWN)


@page
@require_GET
def own_file(request: HttpRequest, pk: UUID, file: UUID) -> HttpResponseBase:
    """A file that was sent as an answer, for whoever may see the attempt: its learner first."""
    return sent_file(ATTEMPTS.get(actor_of(request), pk=pk), file)


def materials_of(found: Attempt, ref: str) -> list[dict[str, str]]:
    """What the item shares with others, as the sitting's version of it names it."""
    place = found.sitting.version.items.select_related("item_version__item").get(ref=ref)
    return materials(
        place.item_version,
        lambda one, href: reverse("assessment:material", args=[found.pk, ref, one.pk, href]),
    )


@page
@require_GET
def material(
    request: HttpRequest, pk: UUID, ref: str, stimulus: UUID, href: str
) -> HttpResponseBase:
    """A picture or recording of a shared material, for whoever may see the attempt."""
    found = ATTEMPTS.get(actor_of(request), pk=pk)
    place = found.sitting.version.items.select_related("item_version__item").filter(ref=ref)
    one = place.first()
    if one is None or stimulus not in {s.pk for s in stimuli_of(one.item_version)}:
        raise Http404
    row = Resource.objects.filter(stimulus_id=stimulus, href=href).select_related("file").first()
    if row is None or not path_of(row.file).exists():
        raise Http404
    return served(row.file, SHOWN)


@page
@require_GET
def resource(request: HttpRequest, pk: UUID, ref: str, href: str) -> HttpResponseBase:
    """A picture or recording of an item, for whoever may see the attempt."""
    found = ATTEMPTS.get(actor_of(request), pk=pk)
    row = (
        Resource.objects.filter(
            version__placements__version=found.sitting.version_id,
            version__placements__ref=ref,
            href=href,
        )
        .select_related("file")
        .first()
    )
    if row is None or not path_of(row.file).exists():
        raise Http404
    return served(row.file, SHOWN)


@page
@require_GET
def result(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """What came of an attempt: marks once they are told, answers beside what is right."""
    actor, at = actor_of(request), clock.now()
    found = ATTEMPTS.get(actor, pk=pk)
    found = Attempt.objects.select_related("sitting__version__test", "person").get(pk=found.pk)
    if found.status == AttemptStatus.OPEN:
        if ATTEMPTS.may(actor, "answer", found):
            return redirect("assessment:attempt", pk=pk)
        raise Http404
    outcome = taking.outcome(actor, found)
    until = found.sitting.appeals_until
    rows = []
    session = attempts.running(found).session
    files = files_sent(found, "assessment:own_file", found.pk)
    if outcome.told:
        sent = attempts.fields_given(found)
        for one in outcome.results:
            item = session.item(one.ref)
            review = session.control(one.ref).allow_review is not False
            body = ""
            if item is not None and review:
                ref = next(e.ref for e in session.plan if e.key == one.ref)
                view = Page(
                    prefix=f"r{one.number}-",
                    closed=True,
                    right=bool(session.control(one.ref).show_solution),
                    resource=lambda href, ref=ref: resource_url(found, ref, href),  # type: ignore[misc]
                    portable=portable_at(request, found, ref),
                    file=files,
                    sent=sent.get(one.ref, {}),
                )
                body = render_item(item, session.state_of(one.ref), view).body
            rows.append({
                "result": one, "body": body, "title": item.title if item else one.ref,
                "comments": marking.comments_on(one),
                "considered": any(a.status == AppealStatus.OPEN for a in one.appeals.all()),
            })  # fmt: skip
    context = {
        "attempt": found,
        "sitting": found.sitting,
        "told": outcome.told,
        "rows": rows,
        "answered": sum(one.answered for one in outcome.results),
        "files": [] if outcome.told else files_in(session, files),
        "late": found.answers.filter(received_at__gt=found.closed_at).count(),
        "appeals": outcome.told and until is not None and at <= until
        and may_contest(actor, found),
        "own": actor.person_id == found.person_id,
        "follows": ATTEMPTS.may(actor, "follow"),
    }  # fmt: skip
    return render(request, "assessment/result.html", context)


def may_contest(actor: Actor, attempt: Attempt) -> bool:
    return actor.person_id == attempt.person_id or ATTEMPTS.may(actor, "follow", attempt)


@page
@require_POST
def appeal(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Contest a mark of one's own, or of one's child."""
    actor = actor_of(request)
    found = RESULTS.get(actor, pk=pk)
    visible(may_contest(actor, found.attempt))
    try:
        marking.appeal(
            found, text=request.POST.get("text", ""), actor=actor, at=clock.now(),
            key=key_of(request, "appeal"),
        )  # fmt: skip
        messages.success(request, _("Your appeal has been taken. You will be told the decision."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("assessment:result", pk=found.attempt_id)
