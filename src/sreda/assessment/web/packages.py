"""Packages of QTI: handed in, looked through, taken over; given out."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sreda.assessment import qti
from sreda.assessment.access import ITEMS, PACKAGES, TESTS
from sreda.assessment.domain import giving_out, package_jobs, packages
from sreda.assessment.enums import PackageStatus
from sreda.assessment.models import PackageImport, TestVersion
from sreda.assessment.queries import bank as queries
from sreda.assessment.tasks import run_package
from sreda.assessment.web.bank import listing_of, organisation_of
from sreda.kernel import clock
from sreda.kernel.api import StoredFile, defer_once, keep_content, worker_there
from sreda.kernel.listing import csv_response
from sreda.ui.pages import actor_of, key_of, page, polled, refreshed, under_way, visible, work_bar

SHOWN = 300
EARLIER = 10
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
            return handed_in(request, upload)
    mine = PACKAGES.all(actor).select_related("file").order_by("-made_at")
    context = {
        "error": error,
        "limit": packages.LIMIT // 1024 // 1024,
        "earlier": mine.defer("found", "done")[:EARLIER],
    }
    status = 422 if error else 200
    return render(request, "assessment/bank/package_new.html", context, status=status)


def handed_in(request: HttpRequest, upload: UploadedFile[bytes]) -> HttpResponseBase:
    actor, at = actor_of(request), clock.now()
    kept = StoredFile.objects.create(
        name=PurePosixPath(upload.name or "package").name[-200:],
        content_type="application/octet-stream",
        size=upload.size or 0,
        sha256=keep_content(upload.read()),
        stored_at=at,
        stored_by=actor.user_id,
    )
    key = key_of(request, f"package {kept.sha256}") or uuid4()
    with transaction.atomic():
        made, new = package_jobs.hand_in(
            kept, organisation_id=organisation_of(actor), actor=actor, at=at, key=key
        )
        there = worker_there(at)
        if new and there:
            defer_once(run_package, pk=made.pk)
    if new and not there:
        package_jobs.run(made.pk, at=at)
    return redirect("assessment:package", pk=made.pk)


@page
def package(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """What is new, changed and wrong; a POST takes the sound ones over, or tries again."""
    actor, at = actor_of(request), clock.now()
    visible(ITEMS.may(actor, "add"))
    one = PACKAGES.get(actor, pk=pk)
    if request.method == "POST":
        if request.POST.get("do") == "again":
            go = package_jobs.try_again(one, at=at)
        else:
            go = package_jobs.ask(one, ready=bool(request.POST.get("ready")), at=at)
        if go and worker_there(at):
            defer_once(run_package, pk=pk)
        elif go:
            package_jobs.run(pk, at=at)
        return redirect("assessment:package", pk=pk)
    lost = package_jobs.is_lost(one, at)
    if one.at_work and not lost:
        label = _("Taking over") if one.applies else _("Looking through the package")
        work = under_way(one.percent, label, request.path)
        if polled(request):
            return work_bar(request, work)
        return render(request, "assessment/bank/package.html", {"one": one, "work": work})
    if polled(request):
        return refreshed()
    context: dict[str, Any] = {"one": one, "lost": lost}
    entries, issues = packages.entries_of(one.found), packages.issues_of(one.found)
    if request.GET.get("export") == "csv":
        return csv_response("package", faults_table(entries, issues))
    return render(request, "assessment/bank/package.html", context | shown(one, entries, issues))


def shown(
    one: PackageImport, entries: list[packages.Entry], issues: list[qti.Issue]
) -> dict[str, Any]:
    kinds = {"item": _("item"), "test": _("test"), "stimulus": _("shared material")}
    states = [entry.state for entry in entries]
    order = (packages.WRONG, packages.NEW, packages.CHANGED, packages.SAME)
    ranked = sorted(entries, key=lambda entry: order.index(entry.state))
    return {
        "rows": [
            {"entry": entry, "kind": kinds[entry.kind],
             "faults": [fault.text(_) for fault in entry.faults],
             "items": ", ".join(entry.items[:10])}
            for entry in ranked[:SHOWN]
        ],
        "more": max(len(entries) - SHOWN, 0),
        **{state: states.count(state) for state in order},
        "issues": [issue.text(_) for issue in issues[:100]],
        "refused": one.done.get("refused", []),
        "can": one.status == PackageStatus.LOOKED
        and bool({packages.NEW, packages.CHANGED} & set(states)),
    }  # fmt: skip


def faults_table(entries: list[packages.Entry], issues: list[qti.Issue]) -> list[list[Any]]:
    """What is wrong, a line each, with its place."""
    head = [_("File"), _("Line"), _("Element"), _("Identifier"), _("What is wrong")]
    found = [fault for entry in entries for fault in entry.faults]
    return [head, *(
        [one.file, one.line, one.element, one.identifier, one.said(_)] for one in (*found, *issues)
    )]  # fmt: skip


def zipped(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@page
@require_GET
def package_out(request: HttpRequest) -> HttpResponseBase:
    """The ticked items (`pk`), or all of the list as it is narrowed, as a package."""
    actor = actor_of(request)
    visible(ITEMS.may(actor, "add"))
    rows = listing_of(request).selected
    if "ticked" in request.GET and "pk" not in request.GET:
        messages.error(request, _("Tick the items first."))
        return redirect("assessment:items")
    if ticked := [pk for text in request.GET.getlist("pk")[:EXPORTED] if (pk := parsed(text))]:
        rows = ITEMS.all(actor).filter(pk__in=ticked)
    versions = queries.given(actor, list(rows[:EXPORTED]))
    if not versions:
        messages.error(request, _("There is nothing to give out."))
        return redirect("assessment:items")
    return zipped(giving_out.package_of(versions), "items")


def parsed(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


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
        return zipped(giving_out.package_of([], [version], name=test.identifier), "test")
    except (qti.QtiError, FileNotFoundError, ValidationError) as error:
        messages.error(request, str(error))
        return redirect("assessment:quiz", pk=pk)
