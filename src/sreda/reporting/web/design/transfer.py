"""Forms out of files and into them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from sreda.kernel import clock
from sreda.kernel.api import Actor
from sreda.reporting.access import FORMS, SUBMISSIONS
from sreda.reporting.domain import drafts, files
from sreda.reporting.domain import forms as domain
from sreda.reporting.domain.workbook import report_named
from sreda.reporting.formats import FormFile, Issue, read_json, write_json
from sreda.reporting.formats.sheets import read_sheets
from sreda.reporting.formats.template import read_template, write_template
from sreda.reporting.formats.xlsform import is_xlsform, read_xlsform, write_xlsform
from sreda.reporting.forms import SchemaError
from sreda.reporting.forms.codes import code_from
from sreda.reporting.models import Form, FormVersion, Submission
from sreda.reporting.queries.versions import dictionaries_of
from sreda.reporting.queries.vetting import translated
from sreda.reporting.web.design.base import (
    actor_of,
    add_errors,
    key_of,
    page,
    version_of,
    visible,
)

MEGABYTE = 1024 * 1024
LIMIT = 5 * MEGABYTE
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ISSUES_KEPT = 300
KEPT = "reporting_issues"


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "A form of this system (JSON), a template or an XLSForm (XLSX), up to 5 MB."
        ),
        widget=forms.FileInput(attrs={"accept": ".json,.xlsx"}),
    )
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Empty: as the file says."),
    )
    target = forms.ChoiceField(label=gettext_lazy("Becomes"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target = self.fields["target"]
        assert isinstance(target, forms.ChoiceField)
        rows = Form.objects.filter(withdrawn_at=None).values_list("pk", "title")
        target.choices = [("", _("a new form")), *((str(pk), _("the draft of “%(title)s”")
                           % {"title": title}) for pk, title in rows)]  # fmt: skip

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        suffix = Path(file.name or "").suffix.lower()
        if suffix not in {".json", ".xlsx"}:
            raise ValidationError(_("JSON or XLSX is needed."))
        if (file.size or 0) > LIMIT:
            raise ValidationError(
                _("The file is larger than %(limit)s MB.") % {"limit": LIMIT // MEGABYTE}
            )
        return file


class IsReport(Exception):
    """The file is a report to be handed in, not a form."""

    def __init__(self, report: str, form: str, organisation: str) -> None:
        self.report, self.form, self.organisation = report, form, organisation
        super().__init__(report)


def understood(file: UploadedFile[Any], title: str) -> tuple[FormFile, list[Issue]]:
    """ValidationError where the file as a whole is not a form; IsReport where it is a report."""
    name = file.name or "file"
    content = file.read()
    if name.lower().endswith(".json"):
        try:
            return read_json(content), []
        except SchemaError as error:
            raise ValidationError({"file": f"{error.place}: {translated(error)}"}) from error
    with tempfile.NamedTemporaryFile(suffix=".xlsx", prefix="sreda-form-") as kept:
        kept.write(content)
        kept.flush()
        try:
            sheets = read_sheets(Path(kept.name), name)
        except ValidationError as error:
            raise ValidationError({"file": error.messages}) from error
    if (named := report_named(sheets)) is not None:
        raise IsReport(*named)
    found = read_xlsform(sheets) if is_xlsform(sheets) else read_template(sheets)
    if not found.schema.cells:
        raise ValidationError(
            {"file": [_("No table and no question was found in the file."),
                      *map(str, found.issues[:5])]}
        )  # fmt: skip
    said = title or found.title or Path(name).stem
    taken = set(Form.objects.values_list("code", flat=True))
    code = code_from(found.code or said, taken, "form")
    return FormFile(code, said[:300], found.schema), found.issues


@page
@require_http_methods(["GET", "POST"])
def form_import(request: HttpRequest) -> HttpResponseBase:
    """A draft out of a file, with a list of what was not understood."""
    actor = actor_of(request)
    visible(FORMS.may(actor, "add"))
    sent = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if sent else UploadForm()
    filled: IsReport | None = None
    if sent and form.is_valid():
        try:
            version, issues = _taken(request, form)
        except ValidationError as error:
            add_errors(form, error)
        except IsReport as found:
            filled = found
            form.add_error("file", _("This is a filled report, not a form."))
        except drafts.Stale:
            form.add_error(None, _("Somebody changed the draft meanwhile: try again."))
        else:
            request.session[KEPT] = {
                "version": str(version.pk),
                "issues": [[issue.place, issue.said] for issue in issues[:ISSUES_KEPT]],
                "more": max(len(issues) - ISSUES_KEPT, 0),
            }
            return redirect("reporting:imported", pk=version.pk)
    return render(
        request,
        "reporting/design/import.html",
        {"form": form, "filled": filled, "report": _report_of(actor, filled)},
        status=422 if form.errors else 200,
    )


def _report_of(actor: Actor, filled: IsReport | None) -> Submission | None:
    """The report that the file names, where the actor may open it."""
    try:
        pk = UUID(filled.report) if filled else None
    except ValueError:
        return None
    rows = SUBMISSIONS.all(actor).select_related("campaign", "organisation")
    return rows.filter(pk=pk).first() if pk else None


def _taken(request: HttpRequest, form: UploadForm) -> tuple[FormVersion, list[Issue]]:
    actor, at = actor_of(request), clock.now()
    file, issues = understood(form.cleaned_data["file"], form.cleaned_data["title"])
    target = form.cleaned_data["target"]
    if target:
        known = FORMS.get(actor, "change", pk=target)
        version, missing = files.replace_content(known, file, actor=actor, at=at)
    else:
        taken = set(Form.objects.values_list("code", flat=True))
        code = code_from(file.code, taken, "form") if file.code in taken else file.code
        made, missing = files.take_in(
            file, code=code, key=key_of(request, "form_import"), actor=actor, at=at
        )
        version = domain.begin_draft(made, actor=actor, at=at)
    for code in missing:
        issues.append(Issue("", 0, "", _("“%(code)s” of the file is not here, or is another one")
                            % {"code": code}))  # fmt: skip
    return version, issues


@page
@require_GET
def imported(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """What of the file is not in the draft."""
    found = version_of(request, pk)
    kept = request.session.get(KEPT, {})
    issues = kept.get("issues", []) if kept.get("version") == str(pk) else []
    if not issues:
        messages.success(request, _("Everything in the file was understood."))
        return redirect("reporting:version", pk=pk)
    context = {"version": found, "issues": issues, "more": kept.get("more", 0)}
    return render(request, "reporting/design/imported.html", context)


@page
@require_GET
def export(request: HttpRequest, pk: UUID, shape: str) -> HttpResponseBase:
    """A version as JSON (whole), XLSX template or XLSForm."""
    found = version_of(request, pk)
    form, schema = found.form, found.schema
    dictionaries = dictionaries_of(schema)
    match shape:
        case "json":
            content: str | bytes = write_json(files.portable(found))
            response = HttpResponse(content, content_type="application/json; charset=utf-8")
            name = f"{form.code}-{found.number}.json"
        case "xlsx":
            response = HttpResponse(
                write_template(schema, form.title, dictionaries), content_type=XLSX
            )
            name = f"{form.code}-{found.number}.xlsx"
        case "xlsform":
            response = HttpResponse(
                write_xlsform(
                    schema, title=form.title, code=form.code, version=found.number,
                    dictionaries=dictionaries,
                ),
                content_type=XLSX,
            )  # fmt: skip
            name = f"{form.code}-{found.number}-xlsform.xlsx"
        case _:
            raise Http404
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
