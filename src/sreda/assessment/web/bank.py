"""Pages of the item bank: the list, an item, its versions, and trying it out."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from sreda.assessment import qti
from sreda.assessment.access import ITEMS
from sreda.assessment.domain.reading import item_of
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, ItemVersion, Resource, Tag, Test
from sreda.assessment.queries import bank as queries
from sreda.assessment.rendering import Page, render_item, responses_of
from sreda.assessment.rendering.files import SHOWN, served
from sreda.assessment.web.materials import materials
from sreda.assessment.web.portable import portable_of
from sreda.kernel.api import Actor, Column, Filter, Listing, path_of
from sreda.registry.api import Role
from sreda.ui.pages import actor_of, page, visible

PREFIX = "i-"
UPLOAD_LIMIT = 20 * 1024 * 1024
TURNS = 20  # of trying an adaptive item

KINDS: dict[str, Any] = {
    "choice": pgettext_lazy("kind of item", "Choice"),
    "order": pgettext_lazy("kind of item", "Putting in order"),
    "associate": pgettext_lazy("kind of item", "Pairs"),
    "match": pgettext_lazy("kind of item", "Matching"),
    "gap-match": pgettext_lazy("kind of item", "Words into gaps"),
    "inline-choice": pgettext_lazy("kind of item", "Choice in a text"),
    "text-entry": pgettext_lazy("kind of item", "Short answer"),
    "extended-text": pgettext_lazy("kind of item", "Extended answer"),
    "hottext": pgettext_lazy("kind of item", "Marking words"),
    "hotspot": pgettext_lazy("kind of item", "Places of a picture"),
    "select-point": pgettext_lazy("kind of item", "Points of a picture"),
    "graphic-order": pgettext_lazy("kind of item", "Places in order"),
    "graphic-associate": pgettext_lazy("kind of item", "Pairs of places"),
    "graphic-gap-match": pgettext_lazy("kind of item", "Pictures into places"),
    "position-object": pgettext_lazy("kind of item", "Placing a picture"),
    "slider": pgettext_lazy("kind of item", "Slider"),
    "media": pgettext_lazy("kind of item", "Recording"),
    "drawing": pgettext_lazy("kind of item", "Drawing"),
    "upload": pgettext_lazy("kind of item", "File"),
    "end-attempt": pgettext_lazy("kind of item", "Button"),
    "portable-custom": pgettext_lazy("kind of item", "Portable interaction"),
    "custom": pgettext_lazy("kind of item", "Interaction of another system"),
}
SCHEMES: dict[str, Any] = {
    "subject": gettext_lazy("Subject"),
    "grade": pgettext_lazy("tag", "Grade"),
    "competence": gettext_lazy("Competence"),
    "topic": gettext_lazy("Topic"),
    "free": pgettext_lazy("tag", "Tag"),
}
STATES = [
    ("draft", gettext_lazy("Has a draft")),
    ("ready", gettext_lazy("Ready for use")),
    ("shared", gettext_lazy("Open to other organisations")),
]
DIFFICULTIES = [(str(n), str(n)) for n in range(1, 6)]


def organisation_of(actor: Actor) -> UUID | None:
    """Whose a new item is: the seat's organisation's; the region's, where the seat has none."""
    return None if actor.role in {Role.OPERATOR, Role.EXPERT} else actor.organisation_id


def _state(rows: QuerySet[Item], value: str) -> QuerySet[Item]:
    if value == "shared":
        return rows.filter(shared=True)
    if value == "ready":
        return rows.filter(current__isnull=False)
    return rows.filter(queries.live(status=ItemStatus.DRAFT))


def _whose(actor: Actor) -> Callable[[QuerySet[Item], str], QuerySet[Item]]:
    def narrow(rows: QuerySet[Item], value: str) -> QuerySet[Item]:
        match value:
            case "mine":
                return rows.filter(author_id=actor.person_id)
            case "own":
                return rows.filter(queries.owned_by(organisation_of(actor)))
            case "region":
                return rows.filter(organisation=None)
        return rows.exclude(Q(organisation=None) | Q(organisation_id=actor.organisation_id))

    return narrow


def _tagged(scheme: str, tags: list[Tag]) -> Filter[Item]:
    def narrow(rows: QuerySet[Item], value: str) -> QuerySet[Item]:
        return rows.filter(pk__in=Item.tags.through.objects.filter(
            tag__scheme=scheme, tag__code=value).values("item_id"))  # fmt: skip

    return Filter(scheme, SCHEMES[scheme], [(one.code, one.title) for one in tags], narrow)


def kinds_said(kinds: list[str]) -> str:
    return ", ".join(str(KINDS.get(kind, kind)) for kind in kinds)


def whose_said(item: Item | Test) -> str:
    return str(item.organisation) if item.organisation else _("The region")


def listing_of(request: HttpRequest) -> Listing[Item]:
    actor = actor_of(request)
    archived = request.GET.get("kept") == "archived"
    owners = [
        ("mine", gettext_lazy("Made by me")),
        ("own", gettext_lazy("Of my organisation")),
        ("region", gettext_lazy("Of the region")),
        ("others", gettext_lazy("Of other organisations")),
    ]
    tags = queries.tags(actor)
    filters: list[Filter[Item]] = [
        Filter("whose", gettext_lazy("Whose"), owners, _whose(actor)),
        *(_tagged(scheme, tags[scheme]) for scheme in SCHEMES if scheme in tags),
        Filter(
            "kind",
            gettext_lazy("Kind"),
            list(KINDS.items()),
            lambda rows, value: rows.filter(queries.live(interactions__contains=[value])),
        ),
        Filter(
            "difficulty", gettext_lazy("Difficulty"), DIFFICULTIES,
            lambda rows, value: rows.filter(queries.live(difficulty=int(value))),
        ),
        Filter("state", gettext_lazy("State"), STATES, _state),
        Filter(
            "kept", gettext_lazy("Archive"), [("archived", gettext_lazy("In the archive"))],
            lambda rows, value: rows,
        ),
    ]  # fmt: skip
    return Listing(
        queries.items(actor, archived=archived),
        request.GET,
        search=queries.matching,
        filter_by=filters,
        sorts={"title": ["title"], "made": ["-made_at"], "author": ["author_name"]},
        default_sort="made",
        columns=[
            Column(gettext_lazy("Identifier"), lambda row: row.identifier),
            Column(gettext_lazy("Title"), lambda row: row.title),
            Column(gettext_lazy("Kind"), lambda row: kinds_said(_first(row).interactions)),
            Column(gettext_lazy("Points"), lambda row: _first(row).max_score),
            Column(gettext_lazy("Difficulty"), lambda row: _first(row).difficulty),
            Column(gettext_lazy("State"), lambda row: _first(row).get_status_display()),
            Column(gettext_lazy("Tags"), lambda row: ", ".join(t.title for t in row.tags.all())),
            Column(gettext_lazy("Whose"), whose_said),
            Column(gettext_lazy("Author"), lambda row: row.author_name),
        ],
        name="items",
    )


def _first(row: Any) -> ItemVersion:
    """The version to be named: what is given, else the draft."""
    ready = [one for one in row.live if one.status == ItemStatus.READY]
    found: ItemVersion = (ready or row.live or [ItemVersion()])[0]
    return found


def _has_draft(row: Any) -> bool:
    return any(one.status == ItemStatus.DRAFT for one in row.live)


@page
@require_GET
def items(request: HttpRequest) -> HttpResponseBase:
    """The list."""
    actor = actor_of(request)
    visible(ITEMS.may(actor, "view") and ITEMS.may(actor, "add"))
    listing = listing_of(request)
    if (export := listing.export()) is not None:
        return export
    rows = [
        {"item": row, "version": _first(row), "kinds": kinds_said(_first(row).interactions),
         "draft": _has_draft(row) and queries.sees_drafts(actor, row),
         "whose": whose_said(row)}
        for row in listing.page
    ]  # fmt: skip
    context = {"listing": listing, "rows": rows, "narrowed": listing.url()}
    return render(request, "assessment/bank/items.html", context)


def found_item(request: HttpRequest, pk: UUID, action: str = "view") -> Item:
    actor = actor_of(request)
    visible(ITEMS.may(actor, "add"))
    item = ITEMS.get(actor, action, pk=pk)
    if item.current_id is None and not queries.sees_drafts(actor, item):
        raise Http404
    return item


def view_of(
    request: HttpRequest,
    version: ItemVersion,
    *,
    right: bool = False,
    prefix: str = PREFIX,
    closed: bool = False,
) -> Page:
    """Where files of the version are served."""
    there = set(version.resources.values_list("href", flat=True))

    def address(href: str) -> str | None:
        if href not in there:
            return None
        return reverse("assessment:item_file", args=[version.item_id, version.number, href])

    portable = portable_of(request, version)
    return Page(prefix=prefix, resource=address, portable=portable, right=right, closed=closed)


def materials_of(version: ItemVersion) -> list[dict[str, str]]:
    return materials(
        version,
        lambda one, href: reverse("assessment:stimulus_file", args=[version.item_id, one.pk, href]),
    )


@page
@require_GET
def item(request: HttpRequest, pk: UUID, number: int | None = None) -> HttpResponseBase:
    """An item as a learner sees it, with what is right, what is wrong with it, where it is used."""
    actor = actor_of(request)
    found = found_item(request, pk)
    version = queries.version_of(actor, found, number)
    if version is None:
        raise Http404
    versions = queries.versions(actor, found)
    before = next((one for one in versions if one.number < version.number), None)
    read = item_of(version)
    state = qti.start(read, seed=1)
    may = ITEMS.may(actor, "change", found)
    context = {
        "item": found,
        "version": version,
        "versions": versions,
        "body": render_item(read, state, view_of(request, version, right=True, closed=True)).body,
        "materials": materials_of(version),
        "kinds": kinds_said(version.interactions),
        "whose": whose_said(found),
        "tags": [
            (label, ", ".join(one.title for one in found.tags.all() if one.scheme == scheme))
            for scheme, label in SCHEMES.items()
            if any(one.scheme == scheme for one in found.tags.all())
        ],
        "faults": queries.faults_of(version.content, _),
        "changes": queries.difference(before.content, version.content) if before else [],
        "before": before,
        "tests": queries.tests_with(actor, found),
        "measured": queries.measured(actor, found),
        "may": may,
        "draft": next((one for one in versions if one.status == ItemStatus.DRAFT), None),
        "latest": versions[0] == version,
    }
    return render(request, "assessment/bank/item.html", context)


@page
def item_try(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """Answer the item as a learner does and see what it gives. Nothing is kept."""
    found = found_item(request, pk)
    version = queries.version_of(actor_of(request), found, number)
    if version is None:
        raise Http404
    context = tried(request, item_of(version), view_of(request, version)) | {
        "item": found, "version": version, "materials": materials_of(version),
    }  # fmt: skip
    return render(request, "assessment/bank/try.html", context)


def tried(request: HttpRequest, read: qti.Item, view: Page) -> dict[str, Any]:
    """The item after what the form answers. An adaptive item replays the attempts before."""
    seed = _whole(request.POST.get("seed") or request.GET.get("seed", "1"))
    before = _before(request.POST.get("before", ""))
    state = qti.start(read, seed=seed)
    for answers in before:
        _turn(read, state, answers)
    problems: dict[str, list[str]] = {}
    outcomes: list[tuple[str, str]] = []
    if request.method == "POST":
        answers = responses_of(read, _fields(request))
        for one in _turn(read, state, answers):
            problems.setdefault(one.identifier, []).append(one.text(_))
        outcomes = [] if problems else [
            (name, "—" if value is None else str(value)) for name, value in (
                (name, qti.to_json(value)) for name, value in qti.outcomes_of(read, state).items()
            )
        ]  # fmt: skip
        before = [*before, answers] if read.adaptive and not problems else before
    page = replace(view, closed=state.status == "closed", problems=problems,
                   sent=_fields(request))  # fmt: skip
    rendered = render_item(read, state, page)
    return {
        "body": rendered.body,
        "feedback": rendered.feedback if outcomes else "",
        "outcomes": outcomes,
        "notes": state.notes,
        "closed": state.status == "closed",
        "seed": seed,
        "next_seed": seed % 1_000_000 + 1,
        "drawn": bool(read.templates) or "shuffle" in qti.write_item(read).decode(),
        "before": json.dumps(before[-TURNS:], ensure_ascii=False) if before else "",
        "prefix": view.prefix,
    }


def _turn(read: qti.Item, state: qti.ItemState, answers: dict[str, Any]) -> tuple[Any, ...]:
    if state.status == "closed":
        return ()
    values, found = qti.read_responses(read, answers)
    qti.begin_attempt(read, state)
    qti.respond(read, state, values)
    found += qti.validate(read, state.values)
    if not found:
        qti.end_attempt(read, state)
    return found


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 1


def _before(text: str) -> list[dict[str, Any]]:
    """Answers of the attempts before, as this page wrote them; anything else is none."""
    try:
        found = json.loads(text) if text else []
    except ValueError:
        return []
    if not isinstance(found, list):
        return []
    return [one for one in found[-TURNS:] if isinstance(one, dict)]


def _fields(request: HttpRequest) -> dict[str, list[str]]:
    """The item's fields; a file is read for this answer alone."""
    fields = {
        name.removeprefix(PREFIX): [str(v) for v in request.POST.getlist(name)]
        for name in request.POST
        if name.startswith(PREFIX)
    }
    for name, upload in request.FILES.items():
        if name.startswith(PREFIX) and name.endswith(":file") and upload.size <= UPLOAD_LIMIT:  # type: ignore[union-attr,operator]
            content = upload.read()  # type: ignore[union-attr]
            kind = mimetypes.guess_type(upload.name or "")[0]  # type: ignore[union-attr]
            value = {"name": upload.name, "mime": kind or "application/octet-stream",  # type: ignore[union-attr]
                     "data": base64.b64encode(content).decode()}  # fmt: skip
            fields[name.removeprefix(PREFIX).removesuffix(":file")] = [json.dumps({"file": value})]
    return fields


@page
@require_GET
def item_file(request: HttpRequest, pk: UUID, number: int, href: str) -> HttpResponseBase:
    """A picture or recording of a version, for whoever may see it."""
    found = found_item(request, pk)
    version = queries.version_of(actor_of(request), found, number)
    return sent(Resource.objects.filter(version=version, href=href)) if version else missing()


@page
@require_GET
def stimulus_file(request: HttpRequest, pk: UUID, stimulus: UUID, href: str) -> HttpResponseBase:
    """A file of a material the item refers to."""
    found = found_item(request, pk)
    version = queries.version_of(actor_of(request), found)
    if version is None or stimulus not in {one.pk for one in queries.stimuli_of(version)}:
        return missing()
    return sent(Resource.objects.filter(stimulus_id=stimulus, href=href))


def sent(rows: QuerySet[Resource]) -> HttpResponseBase:
    row = rows.select_related("file").first()
    if row is None or not path_of(row.file).exists():
        raise Http404
    return served(row.file, SHOWN)


def missing() -> HttpResponse:
    raise Http404
