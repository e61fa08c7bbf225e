"""Shared lists of options."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Listing
from sreda.kernel.listing import csv_response, xlsx_response
from sreda.kernel.tables import HELD, Column, find_headings, read_rows
from sreda.reporting.access import DICTIONARIES
from sreda.reporting.domain import dictionaries as domain
from sreda.reporting.forms import Option
from sreda.reporting.forms.codes import code_from
from sreda.reporting.forms.schema import CODE
from sreda.reporting.models import Dictionary
from sreda.reporting.web.design.base import actor_of, add_errors, key_of, page, visible
from sreda.reporting.web.design.part_forms import read_options, write_options

COLUMNS = (
    Column("code", gettext_lazy("Code"), aliases=("код",)),
    Column("title", gettext_lazy("Title"), required=True, aliases=("название", "наименование")),
)


class DictionaryForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=300)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Leave it empty: it is made out of the title."),
    )
    options = forms.CharField(
        label=gettext_lazy("Options"),
        required=False,
        max_length=300_000,
        widget=forms.Textarea(attrs={"rows": "12"}),
        help_text=gettext_lazy("A line each: “code; title”, or a title alone."),
    )
    file = forms.FileField(
        label=gettext_lazy("Options from a file"),
        required=False,
        help_text=gettext_lazy(
            "XLSX or CSV with the columns “Code” and “Title”. Replaces the options above."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fixed:
            del self.fields["code"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if code and not CODE.match(code):
            raise ValidationError(
                _("a code is a Latin letter, then letters, digits, _ (40 at most)")
            )
        taken = set(Dictionary.objects.values_list("code", flat=True))
        return code or code_from(self.data.get("title", ""), taken, "list")

    @property
    def wanted(self) -> list[Option]:
        """ValidationError says what is wrong with the file."""
        file = self.cleaned_data.get("file")
        return from_file(file) if file else list(read_options(self.cleaned_data["options"]))


def from_file(file: UploadedFile[Any]) -> list[Option]:
    name = file.name or ""
    if Path(name).suffix.lower() not in {".xlsx", ".csv"}:
        raise ValidationError({"file": _("XLSX or CSV is needed.")})
    with tempfile.NamedTemporaryFile(suffix=Path(name).suffix, prefix="sreda-list-") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        try:
            rows = read_rows(Path(kept.name), name, HELD)
            headings = find_headings(rows, COLUMNS).places
            found: list[Option] = []
            for _line, cells in rows:
                title = _at(cells, headings["title"])
                code = _at(cells, headings.get("code"))
                if title or code:
                    taken = {option.code for option in found}
                    found.append(Option(code or code_from(title, taken, "o"), title))
                if len(found) > domain.MOST:
                    break
        except ValidationError as error:
            raise ValidationError({"file": error.messages}) from error
    return found


def _at(cells: list[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


@page
@require_GET
def dictionary_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(DICTIONARIES.may(actor, "view"))
    listing: Listing[Dictionary] = Listing(
        DICTIONARIES.all(actor),
        request.GET,
        search=lambda rows, text: (
            rows.filter(title__icontains=text) | rows.filter(code__icontains=text)
        ),
        sorts={"title": ["title"], "code": ["code"]},
        default_sort="title",
        name="dictionaries",
    )
    return render(
        request,
        "reporting/design/dictionaries.html",
        {"listing": listing, "may_add": DICTIONARIES.may(actor, "change")},
    )


@page
@require_http_methods(["GET", "POST"])
def dictionary_add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(DICTIONARIES.may(actor, "change"))
    sent = request.method == "POST"
    form = DictionaryForm(request.POST, request.FILES) if sent else DictionaryForm()
    if sent and form.is_valid():
        try:
            made = domain.add_dictionary(
                code=form.cleaned_data["code"], title=form.cleaned_data["title"],
                options=form.wanted, key=key_of(request, "dictionary"), actor=actor,
                at=clock.now(),
            )  # fmt: skip
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The dictionary is made."))
            return redirect("reporting:dictionary", pk=made.pk)
    return render(
        request,
        "reporting/design/dictionary.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@page
@require_http_methods(["GET", "POST"])
def dictionary(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Its options, to change them; ?export=csv|xlsx gives them as a file."""
    actor = actor_of(request)
    found = DICTIONARIES.get(actor, pk=pk)
    options = tuple(Option(o["code"], o["title"]) for o in found.options)
    table = [[_("Code"), _("Title")], *([o.code, o.title] for o in options)]
    match request.GET.get("export"):
        case "csv":
            return csv_response(found.code, table)
        case "xlsx":
            return xlsx_response(found.code, table)
    DICTIONARIES.require(actor, "change", found)
    sent = request.method == "POST"
    initial = {"title": found.title, "options": write_options(options), "edition": found.edition}
    form = (
        DictionaryForm(request.POST, request.FILES, fixed=True)
        if sent
        else DictionaryForm(initial=initial, fixed=True)
    )
    stale = False
    if sent and form.is_valid():
        try:
            domain.change_dictionary(
                found, edition=form.cleaned_data["edition"] or 0,
                title=form.cleaned_data["title"], options=form.wanted, actor=actor,
                at=clock.now(),
            )  # fmt: skip
        except domain.Stale as error:
            stale, found = True, error.current
            form.data = request.POST.copy()
            form.data["edition"] = str(found.edition)  # type: ignore[index]
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("reporting:dictionary", pk=pk)
    return render(
        request,
        "reporting/design/dictionary.html",
        {"form": form, "dictionary": found, "users": domain.users_of(found),
         "stale": [f"{o['code']}; {o['title']}" for o in found.options] if stale else []},
        status=422 if form.errors or stale else 200,
    )  # fmt: skip


@page
@require_POST
def dictionary_delete(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = DICTIONARIES.get(actor, "change", pk=pk)
    try:
        domain.delete_dictionary(found, actor=actor, at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("reporting:dictionary", pk=pk)
    messages.success(request, _("The dictionary is deleted."))
    return redirect("reporting:dictionaries")
