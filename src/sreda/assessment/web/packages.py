"""Packages of QTI: handed in, looked through, taken over; given out."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sreda.assessment import qti
from sreda.assessment.access import ITEMS, TESTS
from sreda.assessment.domain import packages
from sreda.assessment.models import Item, ItemVersion, TestVersion
from sreda.assessment.queries import bank as queries
from sreda.assessment.web.bank import listing_of, organisation_of
from sreda.kernel import clock
from sreda.kernel.api import StoredFile, keep_content, path_of
from sreda.kernel.listing import csv_response
from sreda.ui.pages import actor_of, page, visible

SALT = "assessment.package"
SHOWN = 300
EXPORTED = 2000


@page
def package_new(request: HttpRequest) -> HttpResponseBase:
    """Hand in a package or a single file."""
    actor = actor_of(request)
    visible(ITEMS.may(actor, "add"))
    error = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            error = _("Choose a file.")
        elif (upload.size or 0) > packages.LIMIT:
            error = _("The file is larger than %(limit)s MB.") % {"limit": 200}
        elif PurePosixPath(upload.name or "").suffix.lower() not in {".zip", ".xml"}:
            error = _("A package is a ZIP file; a single item or test is an XML file.")
        else:
            kept = StoredFile.objects.create(
                name=PurePosixPath(upload.name or "package").name[-200:],
                content_type="application/octet-stream",
                size=upload.size or 0,
                sha256=keep_content(upload.read()),
                stored_at=clock.now(),
                stored_by=actor.user_id,
            )
            return redirect("assessment:package", token=token_of(request, kept))
    context = {"error": error, "limit": packages.LIMIT // 1024 // 1024}
    status = 422 if error else 200
    return render(request, "assessment/bank/package_new.html", context, status=status)


def token_of(request: HttpRequest, kept: StoredFile) -> str:
    """Names the file and whose it is to take over."""
    actor = actor_of(request)
    whose = str(organisation_of(actor) or "")
    return signing.dumps([str(kept.pk), str(actor.user_id), whose], salt=SALT)


def handed_in(request: HttpRequest, token: str) -> StoredFile:
    """The file of a token of one's own and of this seat; 404 for any other."""
    actor = actor_of(request)
    visible(ITEMS.may(actor, "add"))
    try:
        pk, user, whose = signing.loads(token, salt=SALT, max_age=7 * 24 * 3600)
    except (signing.BadSignature, ValueError) as wrong:
        raise Http404 from wrong
    visible(user == str(actor.user_id) and whose == str(organisation_of(actor) or ""))
    found = StoredFile.objects.filter(pk=pk, removed_at=None).first()
    if found is None or not path_of(found).exists():
        raise Http404
    return found


@page
def package(request: HttpRequest, token: str) -> HttpResponseBase:
    """What is new, changed and wrong; a POST takes the sound ones over."""
    kept = handed_in(request, token)
    actor = actor_of(request)
    whose = organisation_of(actor)
    try:
        judged = packages.judge(path_of(kept), kept.name, organisation_id=whose)
    except qti.QtiError as error:
        context: dict[str, Any] = {"name": kept.name, "issue": error.issue.text(_)}
        return render(request, "assessment/bank/package.html", context, status=422)
    if request.GET.get("export") == "csv":
        return csv_response("package", faults_table(judged))
    if request.method == "POST":
        done = packages.take_over(
            judged, organisation_id=whose, actor=actor, at=clock.now(),
            ready=bool(request.POST.get("ready")),
        )  # fmt: skip
        messages.success(
            request,
            _("New: %(new)s, changed: %(changed)s, as before: %(same)s.")
            % {"new": done.new, "changed": done.changed, "same": done.same},
        )
        for entry, said in done.refused[:20]:
            messages.error(request, f"{entry.path}: {said}")
        return redirect("assessment:package", token=token)
    kinds = {"item": _("item"), "test": _("test"), "stimulus": _("shared material")}
    rows = [
        {"entry": one, "kind": kinds[one.kind], "faults": [f.text(_) for f in one.faults]}
        for one in judged.entries[:SHOWN]
    ]
    context = {
        "name": kept.name,
        "rows": rows,
        "more": max(len(judged.entries) - SHOWN, 0),
        "new": len(judged.of(packages.NEW)),
        "changed": len(judged.of(packages.CHANGED)),
        "same": len(judged.of(packages.SAME)),
        "wrong": len(judged.of(packages.WRONG)),
        "issues": [one.text(_) for one in judged.issues[:100]],
    }
    return render(request, "assessment/bank/package.html", context)


def faults_table(judged: packages.Judged) -> list[list[Any]]:
    """What is wrong, a line each, with its place."""
    head = [_("File"), _("Line"), _("Element"), _("Identifier"), _("What is wrong")]
    found = [one for entry in judged.of(packages.WRONG) for one in entry.faults]
    return [head, *(
        [one.file, one.line, one.element, one.identifier, one.said(_)]
        for one in (*found, *judged.issues)
    )]  # fmt: skip


def zipped(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@page
@require_GET
def package_out(request: HttpRequest) -> HttpResponseBase:
    """The items of the list as it is narrowed, as a package."""
    actor = actor_of(request)
    visible(ITEMS.may(actor, "add"))
    chosen = list(listing_of(request).selected[:EXPORTED])
    versions = [found for one in chosen if (found := current_of(request, one))]
    if not versions:
        messages.error(request, _("There is nothing to give out."))
        return redirect("assessment:items")
    return zipped(packages.package_of(versions), "items")


def current_of(request: HttpRequest, item: Item) -> ItemVersion | None:
    return item.current or queries.version_of(actor_of(request), item)


@page
@require_GET
def test_out(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A test with all its items as a package."""
    actor = actor_of(request)
    visible(TESTS.may(actor, "add"))
    test = TESTS.get(actor, pk=pk)
    version: TestVersion | None = test.current
    if version is None and queries.sees_drafts(actor, test):
        version = test.versions.order_by("-number").first()
    if version is None:
        raise Http404
    try:
        return zipped(packages.package_of([], [version], name=test.identifier), "test")
    except (qti.QtiError, FileNotFoundError, ValidationError) as error:
        messages.error(request, str(error))
        return redirect("assessment:quiz", pk=pk)
