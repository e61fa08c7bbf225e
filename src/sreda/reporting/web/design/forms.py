"""The list of forms, the card of one, its making, changing and withdrawing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sreda.kernel import clock
from sreda.kernel.api import Column, Filter, Listing
from sreda.registry.api import Municipality, Organisation, OrganisationKind
from sreda.reporting.access import FORMS, VERSIONS
from sreda.reporting.domain import files
from sreda.reporting.domain import forms as domain
from sreda.reporting.enums import FormKind, PeriodKind, VersionStatus
from sreda.reporting.forms import Schema
from sreda.reporting.forms.codes import code_from
from sreda.reporting.forms.schema import CODE
from sreda.reporting.models import Campaign, Form, FormVersion
from sreda.reporting.queries.audience import in_words
from sreda.reporting.queries.burden import total, yearly
from sreda.reporting.web.design.base import (
    Context,
    actor_of,
    add_errors,
    back_to,
    key_of,
    page,
    visible,
)

STATES = {
    "published": gettext_lazy("in force"),
    "draft": gettext_lazy("has a draft"),
    "withdrawn": gettext_lazy("withdrawn"),
}


def _by_state(rows: QuerySet[Form], value: str) -> QuerySet[Form]:
    if value == "withdrawn":
        return rows.exclude(withdrawn_at=None)
    return rows.filter(withdrawn_at=None).filter(
        Exists(FormVersion.objects.filter(form=OuterRef("pk"), status=value))
    )


def _versions() -> Prefetch[str]:
    rows = FormVersion.objects.order_by("-number").defer("content", "moves", "repeats")
    return Prefetch("versions", rows)


def shown_version(form: Form) -> FormVersion | None:
    """The one in force, else the newest."""
    versions = list(form.versions.all())
    published = (v for v in versions if v.status == VersionStatus.PUBLISHED)
    return next(published, versions[0] if versions else None)


@page
@require_GET
def form_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(FORMS.may(actor, "view"))
    latest = FormVersion.objects.filter(form=OuterRef("pk")).order_by(
        # "published" comes before "retired", a draft before both: the one in force first
        F("published_at").desc(nulls_last=True)
    )
    rows = FORMS.all(actor).annotate(minutes=latest.values("minutes_asked")[:1])
    listing: Listing[Form] = Listing(
        rows.prefetch_related(_versions()),
        request.GET,
        search=lambda rows, text: rows.filter(
            Q(title__icontains=text) | Q(code__icontains=text) | Q(basis__icontains=text)
        ),
        filter_by=[
            Filter("state", gettext_lazy("State"), list(STATES.items()), _by_state),
            Filter("period_kind", gettext_lazy("Period"), PeriodKind.choices),
            Filter("kind", gettext_lazy("Kind"), FormKind.choices),
        ],
        sorts={"title": ["title"], "code": ["code"], "minutes": ["minutes"], "made": ["made_at"]},
        default_sort="title",
        columns=[
            Column(gettext_lazy("Code"), lambda form: form.code),
            Column(gettext_lazy("Title"), lambda form: form.title),
            Column(gettext_lazy("Period"), lambda form: form.get_period_kind_display()),
            Column(gettext_lazy("Basis"), lambda form: form.basis),
            Column(gettext_lazy("Minutes of one filling"), lambda form: form.minutes),
        ],
        name="forms",
    )
    if export := listing.export():
        return export
    shown = [(form, version) for form in listing.page if (version := shown_version(form))]
    years = yearly(shown, actor.on)
    asked, saved = total(actor.on)
    lines = [
        {
            "form": form,
            "version": version,
            "year": year,
            "draft": any(v.status == VersionStatus.DRAFT for v in form.versions.all()),
            "in_force": version.status == VersionStatus.PUBLISHED,
        }
        for (form, version), year in zip(shown, years, strict=True)
    ]
    context: Context = {
        "listing": listing, "lines": lines, "hours": asked / 60, "hours_saved": saved / 60,
        "share": 100 * saved / (asked + saved) if asked + saved else None,
        "may_add": FORMS.may(actor, "add"),
    }  # fmt: skip
    return render(request, "reporting/design/forms.html", context)


class CardForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form's card. Who fills it is chosen by level and kind, by place, or by a list."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of organisations"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=OrganisationKind.choices,
        help_text=gettext_lazy(
            "Schools, colleges and centres fill it themselves; municipal authorities and the "
            "department for their level. None chosen: all."
        ),
    )
    municipalities = forms.MultipleChoiceField(
        label=gettext_lazy("Municipalities"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": "6"}),
        help_text=gettext_lazy("None chosen: the whole region."),
    )
    organisations = forms.CharField(
        label=gettext_lazy("Only these organisations"),
        required=False,
        widget=forms.Textarea(attrs={"rows": "3"}),
        help_text=gettext_lazy("Registry numbers, a line each. Empty: all of the kinds above."),
    )
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Form
        fields = ("title", "kind", "period_kind", "basis", "about")
        help_texts = {
            "basis": gettext_lazy("The act that asks for it."),
            "about": gettext_lazy("What is decided by these figures."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance: Form | None = kwargs.get("instance")
        audience = instance.audience if instance else {}
        codes = Organisation.objects.filter(pk__in=audience.get("organisations", ()))
        kwargs["initial"] = {
            "kinds": audience.get("kinds", []),
            "municipalities": audience.get("municipalities", []),
            "organisations": "\n".join(codes.order_by("code").values_list("code", flat=True)),
            "edition": instance.edition if instance else 0,
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, **kwargs)
        places = self.fields["municipalities"]
        assert isinstance(places, forms.MultipleChoiceField)
        places.choices = [(str(pk), n) for pk, n in Municipality.objects.values_list("pk", "name")]

    def _post_clean(self) -> None:
        """The domain checks the record."""

    def clean_organisations(self) -> list[str]:
        codes = list(dict.fromkeys(self.cleaned_data["organisations"].split()))
        found = dict(Organisation.objects.filter(code__in=codes).values_list("code", "pk"))
        if unknown := [code for code in codes if code not in found]:
            raise ValidationError(
                _("Not in the registry: %(codes)s.") % {"codes": ", ".join(unknown[:10])}
            )
        return [str(found[code]) for code in codes]

    @property
    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        audience = {
            part: data[part] for part in ("kinds", "municipalities", "organisations") if data[part]
        }
        return {name: data[name] for name in self.Meta.fields} | {"audience": audience}


class NewForm(CardForm):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        required=False,
        help_text=gettext_lazy(
            "Names the form for good, in expressions of other forms too. Leave it empty: it is "
            "made out of the title."
        ),
    )
    copy = forms.ChoiceField(label=gettext_lazy("Begin with"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        copy = self.fields["copy"]
        assert isinstance(copy, forms.ChoiceField)
        rows = Form.objects.order_by("title").values_list("pk", "title")
        copy.choices = [("", _("an empty form")), *((str(pk), _("a copy of “%(title)s”")
                         % {"title": title}) for pk, title in rows)]  # fmt: skip

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if code and not CODE.match(code):
            raise ValidationError(
                _("a code is a Latin letter, then letters, digits, _ (40 at most)")
            )
        taken = set(Form.objects.values_list("code", flat=True))
        return code or code_from(self.data.get("title", ""), taken, "form")

    @property
    def schema(self) -> Schema:
        chosen = self.cleaned_data["copy"]
        base = Form.objects.filter(pk=chosen).first() if chosen else None
        version = shown_version(base) if base else None
        return FormVersion.objects.get(pk=version.pk).schema if version else Schema()


@page
@require_http_methods(["GET", "POST"])
def form_add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(FORMS.may(actor, "add"))
    sent = request.method == "POST"
    form = NewForm(request.POST if sent else None, initial={"period_kind": PeriodKind.YEAR})
    if sent and form.is_valid():
        try:
            made = domain.add_form(
                code=form.cleaned_data["code"], values=form.values, schema=form.schema,
                key=key_of(request, "form"), actor=actor, at=clock.now(),
            )  # fmt: skip
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The form is made. Now its parts."))
            return redirect("reporting:version", pk=made.versions.get().pk)
    return render(
        request,
        "reporting/design/card.html",
        {"form": form, "title": _("New form"), "submit": _("Make"),
         "back": reverse("reporting:forms")},
        status=422 if form.errors else 200,
    )  # fmt: skip


@page
@require_GET
def form(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A form's card: versions, who fills it, what it costs, where it is asked."""
    actor = actor_of(request)
    found = FORMS.get(actor, pk=pk)
    versions = list(found.versions.order_by("-number").defer("content", "moves", "repeats"))
    years = yearly([(found, version) for version in versions], actor.on)
    context: Context = {
        "form": found,
        "versions": list(zip(versions, years, strict=True)),
        "in_force": next((v for v in versions if v.status == VersionStatus.PUBLISHED), None),
        "draft": next((v for v in versions if v.status == VersionStatus.DRAFT), None),
        "year": next(
            (y for v, y in zip(versions, years, strict=True) if v.status == "published"),
            years[0] if years else None,
        ),
        "audience": in_words(found.audience),
        "campaigns": Campaign.objects.filter(version__form=found).select_related("version")[:20],
        "may_change": FORMS.may(actor, "change", found),
    }
    return render(request, "reporting/design/form.html", context)


@page
@require_http_methods(["GET", "POST"])
def form_edit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = FORMS.get(actor, "change", pk=pk)
    sent = request.method == "POST"
    form = CardForm(request.POST if sent else None, instance=found)
    theirs: list[tuple[str, str]] = []
    if sent and form.is_valid():
        try:
            domain.change_form(
                found, edition=form.cleaned_data["edition"] or 0, values=form.values, actor=actor,
                at=clock.now(),
            )  # fmt: skip
        except domain.Stale as stale:
            theirs = _differing(form, stale.current)
            form.data = request.POST.copy()
            form.data["edition"] = str(stale.current.edition)  # type: ignore[index]
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("reporting:form", pk=pk)
    return render(
        request,
        "reporting/design/card.html",
        {"form": form, "title": _("The form's card"), "submit": _("Save"), "theirs": theirs,
         "back": reverse("reporting:form", args=[pk]), "subject": found.title},
        status=422 if form.errors or theirs else 200,
    )  # fmt: skip


def _differing(form: CardForm, current: Form) -> list[tuple[str, str]]:
    """What somebody saved meanwhile, where it is not what is typed here."""
    rows = []
    for name, mine in form.values.items():
        now = getattr(current, name)
        if now != mine:
            label = form.fields[name].label if name in form.fields else _("Who fills it")
            shown = in_words(now) if name == "audience" else str(now)
            rows.append((str(label), shown))
    return rows


@page
@require_POST
def draft_begin(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = FORMS.get(actor, "change", pk=pk)
    draft = domain.begin_draft(found, actor=actor, at=clock.now())
    return redirect("reporting:version", pk=draft.pk)


@page
@require_POST
def draft_delete(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = VERSIONS.get(actor, "change", pk=pk)
    try:
        left = domain.delete_draft(found, actor=actor, at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(back_to(found))
    messages.success(request, _("The draft is deleted."))
    if left is None:
        return redirect("reporting:forms")
    return redirect("reporting:form", pk=left.pk)


@page
@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Out of use, or back into it."""
    actor = actor_of(request)
    found = FORMS.get(actor, "change", pk=pk)
    try:
        if found.withdrawn_at is None:
            domain.withdraw(found, actor=actor, at=clock.now())
            messages.success(request, _("The form is withdrawn; what was handed in stays."))
        else:
            domain.restore(found, actor=actor, at=clock.now())
            messages.success(request, _("The form is in use again."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("reporting:form", pk=pk)


@page
@require_POST
def shipped(request: HttpRequest) -> HttpResponseBase:
    """The forms that come with the system, those of them that are not here yet."""
    actor = actor_of(request)
    visible(FORMS.may(actor, "add"))
    done = files.load_all_shipped(actor=actor, at=clock.now())
    added = sum(state == "added" for state in done.values())
    messages.success(request, _("Forms put in force: %(count)s.") % {"count": added})
    if drafts := [code for code, state in done.items() if state == "draft"]:
        messages.warning(
            request,
            _("Something in them is asked elsewhere too; they are drafts: %(codes)s.")
            % {"codes": ", ".join(drafts)},
        )
    return redirect("reporting:forms")
