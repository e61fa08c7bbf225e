"""Writing an item: a form for the common kinds, XML for all; both work without a script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from sreda.assessment import qti
from sreda.assessment.access import ITEMS
from sreda.assessment.domain import bank, editing, markup, media
from sreda.assessment.domain.editing import ItemForm, Row
from sreda.assessment.domain.markup import FILMS, SOUNDS
from sreda.assessment.domain.tagging import tags_named
from sreda.assessment.domain.versions import Stale
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, ItemVersion, Resource
from sreda.assessment.queries import bank as queries
from sreda.assessment.rendering import render_item
from sreda.assessment.web.bank import KINDS, SCHEMES, found_item, organisation_of, view_of
from sreda.kernel import clock
from sreda.ui.pages import actor_of, key_of, page, visible

ROWS_LIMIT = 60
LOOSE = editing.POINTED | {"match", "associate", "gap-match", "graphic-gap-match"}
PLAIN = "xml"
LANGUAGES = [
    ("ru", gettext_lazy("Russian")), ("en", gettext_lazy("English")),
    ("de", gettext_lazy("German")), ("fr", gettext_lazy("French")),
    ("cjs", gettext_lazy("Shor")), ("tt", gettext_lazy("Tatar")),
]  # fmt: skip
BLANK = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
  identifier="{identifier}" title="{title}" time-dependent="false" xml:lang="ru">
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>
  <qti-item-body><p></p></qti-item-body>
</qti-assessment-item>
"""


@page
def item_new(request: HttpRequest) -> HttpResponseBase:
    """Choose a kind and a title; the draft is made at once, with places to fill in."""
    actor = actor_of(request)
    visible(ITEMS.may(actor, "add"))
    kind = request.POST.get("kind") or request.GET.get("kind", "choice")
    title = " ".join(request.POST.get("title", "").split())[:300]
    errors: dict[str, str] = {}
    if request.method == "POST":
        if kind not in {*editing.KINDS, PLAIN}:
            errors["kind"] = _("Choose a kind.")
        if not title:
            errors["title"] = _("Give it a title.")
        if not errors:
            made = bank.add_item(
                content=_first(kind, f"item-{uuid4().hex[:12]}", title),
                organisation_id=organisation_of(actor),
                actor=actor,
                at=clock.now(),
                title=title,
                key=key_of(request, "item"),
            )
            return redirect("assessment:item_edit", pk=made.pk)
    kinds = [(one, KINDS[one]) for one in editing.KINDS]
    context = {"kinds": [*kinds, (PLAIN, _("Any other, as XML"))], "kind": kind, "title": title,
               "errors": errors}  # fmt: skip
    status = 422 if errors else 200
    return render(request, "assessment/editor/new.html", context, status=status)


def _first(kind: str, identifier: str, title: str) -> str:
    if kind == PLAIN:
        from xml.sax.saxutils import quoteattr

        return BLANK.format(identifier=identifier, title="{title}").replace(
            '"{title}"', quoteattr(title)
        )
    form = editing.start(kind, identifier, title)
    if kind in editing.PICTURED:  # a picture is chosen on the next page
        first = Row(_("First"), right=kind == "hotspot", shape="rect", coords="20,20,120,120")
        second = Row(_("Second"), shape="rect", coords="220,20,320,120")
        form = replace(
            form, picture="media/picture.png", alt=_("Picture"), width=400, height=300,
            rows=(first,),
        )  # fmt: skip
        if kind == "graphic-order":
            form = replace(form, rows=(first, second))
        elif kind == "graphic-associate":
            form = replace(form, rows=(replace(first, other="2"), second))
        elif kind in editing.POINTED:
            form = replace(form, rows=(replace(first, text=""),))
        if kind == "position-object":
            form = replace(form, thing="media/object.png", thing_alt=_("Picture to be placed"),
                           thing_width=60, thing_height=60)  # fmt: skip
    return editing.written(form)


@dataclass
class Edited:
    """What is on the page: the typed form or XML, what is wrong with it, and what it means."""

    form: ItemForm | None
    content: str
    errors: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    difficulty: int | None = None
    title: str = ""


@page
def item_edit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The editor. A POST saves, or only changes the number of lines or takes a file."""
    actor = actor_of(request)
    item = found_item(request, pk, "change")
    draft = item.versions.filter(status=ItemStatus.DRAFT).first()
    if draft is None:
        if request.method != "POST":
            return redirect("assessment:item", pk=pk)
        draft = bank.draft_of(item, actor=actor, at=clock.now())
    as_xml = request.GET.get("as") == PLAIN
    if request.method == "POST":
        return _posted(request, item, draft, as_xml=as_xml)
    form = None if as_xml else editing.form_of(draft.content)
    edited = Edited(form, draft.content, tags=_tags_of(item), difficulty=draft.difficulty,
                    title=item.title)  # fmt: skip
    return _shown(request, item, draft, edited)


def _posted(
    request: HttpRequest, item: Item, draft: ItemVersion, *, as_xml: bool
) -> HttpResponseBase:
    edited = typed(request.POST, draft, as_xml=as_xml)
    do = request.POST.get("do", "save")
    if do.startswith("row:") and edited.form:
        edited.form = with_rows(edited.form, do.removeprefix("row:"))
        return _shown(request, item, draft, edited, moved=do)
    if do == "upload":
        _take_file(request, draft, edited)
        return _shown(request, item, draft, edited, status=422 if edited.errors else 200)
    if do == "preview":
        return _shown(request, item, draft, edited)
    if edited.form and not edited.errors:
        try:
            edited.content = editing.written(edited.form)
        except ValidationError as error:
            edited.errors = {k: " ".join(v) for k, v in error.message_dict.items()}
    if edited.errors:
        return _shown(request, item, draft, edited, status=422)
    edition = request.POST.get("edition", "")
    try:
        saved = bank.save_draft(
            draft,
            edition=int(edition) if edition.isdecimal() else 0,
            content=edited.content,
            actor=actor_of(request),
            at=clock.now(),
            title=edited.title or None,
            difficulty=edited.difficulty,
            tags=tags_named(edited.tags),
        )
    except Stale as stale:
        current = stale.current
        assert isinstance(current, ItemVersion)
        return _shown(request, item, current, edited, status=409, other=current)
    except ValidationError as error:
        edited.errors["content"] = " ".join(error.messages)
        return _shown(request, item, draft, edited, status=422)
    messages.success(request, _("Saved."))
    if do == "save-on":
        target = redirect("assessment:item_edit", pk=item.pk)
        if as_xml:
            target["Location"] += f"?as={PLAIN}"
        return target
    return redirect("assessment:item_version", pk=item.pk, number=saved.number)


def _tags_of(item: Item) -> dict[str, str]:
    rows = list(item.tags.all())
    return {
        scheme: "; ".join(one.title for one in rows if one.scheme == scheme) for scheme in SCHEMES
    }


def typed(post: QueryDict, draft: ItemVersion, *, as_xml: bool) -> Edited:
    """What was typed, kept even where it is wrong."""
    level = post.get("difficulty", "")
    edited = Edited(
        None,
        draft.content,
        tags={scheme: post.get(f"tag-{scheme}", "")[:2000] for scheme in SCHEMES},
        difficulty=int(level) if level in {"1", "2", "3", "4", "5"} else None,
        title=" ".join(post.get("title", "").split())[:300],
    )
    if as_xml:
        edited.content = post.get("content", "")
        try:
            bank.read(edited.content)
        except ValidationError:
            edited.errors["content"] = queries.faults_of(edited.content, _)[0].text
        return edited
    edited.form = _form(post, draft, edited.errors)
    return edited


def _form(post: QueryDict, draft: ItemVersion, errors: dict[str, str]) -> ItemForm:
    def text(name: str) -> str:
        return post.get(name, "").replace("\r\n", "\n").strip()[:20_000]

    def number(value: str, name: str) -> Decimal | None:
        value = value.strip().replace(",", ".").replace("−", "-")
        if not value:
            return None
        try:
            found = Decimal(value)
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or abs(found) > editing.MOST:
            errors[name] = _("“%(value)s” is not a number of points.") % {"value": value[:20]}
            return Decimal(1)
        return found.quantize(Decimal("0.0001")).normalize()

    right = set(post.getlist("row-right"))
    columns = {name: post.getlist(f"row-{name}")
               for name in ("text", "other", "points", "shape", "coords", "feedback")}  # fmt: skip
    count = min(max(map(len, columns.values())), ROWS_LIMIT)

    def cell(name: str, n: int) -> str:
        values = columns[name]
        return values[n].replace("\r\n", "\n").strip()[:4000] if n < len(values) else ""

    rows = tuple(
        Row(
            cell("text", n), cell("other", n), str(n) in right,
            number(cell("points", n), "rows"), cell("shape", n),
            ",".join(re.findall(r"\d+", cell("coords", n))), cell("feedback", n),
        )
        for n in range(count)
    )  # fmt: skip
    kind = post.get("kind", "")
    partial = bool(post.get("partial"))
    form = ItemForm(
        kind=kind if kind in editing.KINDS else "choice",
        identifier=qti.read_item(draft.content).identifier,
        title=" ".join(text("title").split())[:300],
        language=post.get("language", "ru")[:20] or "ru",
        text=text("text"),
        question=text("question"),
        points=number(post.get("points", ""), "points") or Decimal(0),
        multiple=bool(post.get("multiple")),
        shuffle=bool(post.get("shuffle")),
        partial=partial,
        rows=rows,
        rubric=text("rubric"),
        feedback_right=text("feedback_right"),
        feedback_wrong=text("feedback_wrong"),
        picture=text("picture"),
        alt=text("alt"),
        width=_size(post.get("width", "")),
        height=_size(post.get("height", "")),
        lines=min(max(_size(post.get("lines", "6")), 1), 60),
        thing=text("thing"),
        thing_alt=text("thing_alt"),
        thing_width=_size(post.get("thing_width", "")),
        thing_height=_size(post.get("thing_height", "")),
    )
    if form.kind != "choice" or not partial:
        form = replace(form, rows=tuple(replace(row, points=None) for row in rows))
    if form.kind in LOOSE:  # a line left empty is none
        form = replace(form, rows=tuple(r for r in form.rows if r.text or r.other or r.coords)
                       if post.get("do", "save").startswith("save") else form.rows)  # fmt: skip
    return form


def _size(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def with_rows(form: ItemForm, what: str) -> ItemForm:
    """Lines added, taken away or moved: "add", "remove:3", "up:3", "down:3" (from 0)."""
    rows, numbers = list(form.rows), list(range(len(form.rows)))
    verb, _colon, place = what.partition(":")
    at = int(place) if place.isdecimal() else -1
    if verb == "add" and len(rows) < ROWS_LIMIT:
        rows.append(Row(shape="rect" if form.kind in editing.PICTURED else ""))
    elif verb == "remove" and 0 <= at < len(rows):
        del rows[at], numbers[at]
    elif verb in {"up", "down"} and 0 <= at < len(rows):
        to = at - 1 if verb == "up" else at + 1
        if 0 <= to < len(rows):
            rows[to], rows[at] = rows[at], rows[to]
            numbers[to], numbers[at] = numbers[at], numbers[to]
    if form.kind == "graphic-associate":
        now = {str(old + 1): str(new) for new, old in enumerate(numbers, 1)}
        rows = [replace(row, other=_renumbered(row.other, now)) for row in rows]
    return replace(form, rows=tuple(rows))


def _renumbered(told: str, now: Mapping[str, str]) -> str:
    """Numbers of lines after lines have moved; those of lines taken away are left out."""
    parts = [one.strip() for one in told.replace(";", ",").split(",")]
    return ", ".join(now.get(one, "" if one.isdecimal() else one) for one in parts if one).strip(
        ", "
    )


def _take_file(request: HttpRequest, draft: ItemVersion, edited: Edited) -> None:
    """Keep a picture or recording with the draft, and put it where it was asked for."""
    upload = request.FILES.get("file")
    words = " ".join(request.POST.get("file-alt", "").split())[:500]
    if upload is None:
        edited.errors["file"] = _("Choose a file.")
        return
    name = upload.name or ""
    if media.ending(name) not in media.KINDS:
        edited.errors["file"] = _("Pictures (PNG, JPEG, WebP, GIF, SVG) and recordings (MP3, OGG, "
                                  "WAV, M4A, MP4, WebM) can be put in.")  # fmt: skip
        return
    if not words:
        edited.errors["file"] = _("Say in words what it shows or tells: some learners cannot see or"
                                  " hear it.")  # fmt: skip
        return
    if (upload.size or 0) > media.LIMIT:
        edited.errors["file"] = _("The file is larger than %(limit)s MB.") % {
            "limit": media.LIMIT // media.MEGABYTE
        }
        return
    content = upload.read()
    try:
        with transaction.atomic():
            kept = media.keep(name, content, actor=actor_of(request), at=clock.now())
            taken = set(draft.resources.values_list("href", flat=True))
            href = media.href_for(name, taken)
            Resource.objects.create(version=draft, href=href, file=kept)
    except ValidationError as error:
        edited.errors["file"] = " ".join(error.messages)
        return
    form = edited.form
    if form is not None and form.kind in editing.PICTURED and media.ending(name) not in (
        *SOUNDS, *FILMS
    ):  # fmt: skip
        width, height = media.size_of(name, content)
        if form.kind == "position-object" and form.picture in taken:  # the ground is there
            edited.form = replace(form, thing=href, thing_alt=words, thing_width=width or 60,
                                  thing_height=height or 60)  # fmt: skip
        else:
            edited.form = replace(form, picture=href, alt=words, width=width or 400,
                                  height=height or 300)  # fmt: skip
    elif form is not None:
        mark = f"![{markup.picture_words(words)}]({href})"
        edited.form = replace(form, text=f"{form.text}\n\n{mark}".strip())
    messages.success(
        request,
        _("The file is kept as %(href)s. Put it anywhere in a text: ![words](%(href)s).")
        % {"href": href},
    )


def preview_of(request: HttpRequest, draft: ItemVersion, edited: Edited) -> dict[str, Any]:
    """The typed item as a learner sees it, or why it cannot be shown."""
    content = edited.content
    if edited.form is not None:
        try:
            content = editing.written(edited.form)
        except ValidationError as error:
            said = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            return {"body": "", "why": [" ".join(texts) for texts in said.values()], "faults": []}
    faults = queries.faults_of(content, _)
    try:
        read = qti.read_item(content)
    except qti.QtiError:
        return {"body": "", "why": [], "faults": faults}
    state = qti.start(read, seed=1)
    view = view_of(request, draft, prefix="p-", right=True, closed=True)
    body = render_item(read, state, view).body
    return {"body": body, "why": [], "faults": faults}


def _shown(
    request: HttpRequest,
    item: Item,
    draft: ItemVersion,
    edited: Edited,
    *,
    status: int = 200,
    other: ItemVersion | None = None,
    moved: str = "",
) -> HttpResponse:
    form = edited.form
    mine = edited.content
    if form is not None and other is not None:
        mine = editing.written(form)
    files = draft.resources.select_related("file").order_by("href")
    labels: Mapping[str, Any] = KINDS
    tags = queries.tags(actor_of(request))
    context = {
        "item": item,
        "draft": draft,
        "form": form,
        "kind": labels.get(form.kind) if form else "",
        "content": edited.content,
        "errors": edited.errors,
        "title": edited.title or item.title,
        "difficulty": edited.difficulty,
        "levels": ("1", "2", "3", "4", "5"),
        "languages": LANGUAGES,
        "tags": [(scheme, label, edited.tags.get(scheme, ""),
                  [one.title for one in tags.get(scheme, [])])
                 for scheme, label in SCHEMES.items()],
        "preview": preview_of(request, draft, edited),
        "files": files,
        "has_picture": form is not None and any(one.href == form.picture for one in files),
        "has_thing": form is not None and any(one.href == form.thing for one in files),
        "other": other,
        "changes": queries.difference(other.content, mine) if other else [],
        "has_form": form is not None or editing.form_of(draft.content) is not None,
        "by_hand": form is not None and form.kind in editing.BY_HAND,
        "mixed": form is not None and form.kind in editing.MIXED,
        "in_text": form is not None and form.kind in {"inline-choice", "text-entry"},
        "has_rows": form is not None
        and form.kind not in {"inline-choice", "text-entry", *editing.BY_HAND},
        "two": form is not None and form.kind in {"match", "associate"},
        "ticks": form is not None and form.kind in {"choice", "hotspot"},
        "shuffles": form is not None
        and form.kind in {"choice", *editing.MIXED}
        and form.kind not in editing.PICTURED,
        "pictured": form is not None and form.kind in editing.PICTURED,
        "pointed": form is not None and form.kind in editing.POINTED,
        "moved": moved,
    }  # fmt: skip
    return render(request, "assessment/editor/edit.html", context, status=status)


@page
@require_POST
def item_preview(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The preview beside the editor, anew; nothing is kept."""
    item = found_item(request, pk, "change")
    draft = item.versions.filter(status=ItemStatus.DRAFT).first()
    visible(draft is not None)
    assert draft is not None
    edited = typed(request.POST, draft, as_xml=request.GET.get("as") == PLAIN)
    context = {"preview": preview_of(request, draft, edited)}
    return render(request, "assessment/editor/preview.html", context)
