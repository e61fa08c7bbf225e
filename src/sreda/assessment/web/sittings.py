"""Teachers' pages: giving a test, watching it, publishing its marks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sreda.assessment.access import ATTEMPTS, SITTINGS
from sreda.assessment.domain import analysis, sittings
from sreda.assessment.domain.versions import Stale
from sreda.assessment.enums import SittingStatus
from sreda.assessment.models import ItemAnalysis, Sitting, SittingAnalysis, Test
from sreda.assessment.quality import SOME
from sreda.assessment.queries import teaching
from sreda.assessment.web.marking import parsed
from sreda.assessment.web.words import remark_text
from sreda.kernel import clock
from sreda.kernel.api import Column, Filter, Listing
from sreda.registry.api import ClassGroup, Person, school_year
from sreda.ui.pages import actor_of, add_errors, key_of, page, visible

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class SittingForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a sitting is; `test` and `groups` are those the actor may choose."""

    test = forms.ModelChoiceField(label=gettext_lazy("Test"), queryset=Test.objects.none())
    groups = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Classes"),
        queryset=ClassGroup.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    field_order = ("test", "title", "groups", "opens_at", "closes_at")

    class Meta:
        model = Sitting
        fields = [
            "title", "opens_at", "closes_at", "minutes", "attempts", "allowance_seconds",
            "markers", "tolerance", "moderated", "appeals_until",
        ]  # fmt: skip
        widgets = {"opens_at": MOMENT, "closes_at": MOMENT, "appeals_until": MOMENT}
        help_texts = {
            "minutes": gettext_lazy("Empty: until the test closes."),
            "allowance_seconds": gettext_lazy(
                "Answers given in time may arrive so much later, when the link drops."
            ),
            "markers": gettext_lazy("Two mark without seeing each other's marks."),
            "tolerance": gettext_lazy(
                "Where two markers differ by more, a third decides: where nobody of the "
                "organisation is left, an expert of the department."
            ),
            "moderated": gettext_lazy("Learners see marks only once you publish them."),
        }

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["test"].queryset = teaching.tests_to_give(actor)  # type: ignore[attr-defined]
        groups: Any = self.fields["groups"]
        groups.queryset = teaching.groups_of(actor, school_year(actor.on))
        if self.instance.pk and not self.instance._state.adding:
            del self.fields["test"]
            there = self.instance.groups.values("pk")  # they stay, whoever has them now
            known = Q(pk__in=groups.queryset.values("pk")) | Q(pk__in=there)
            groups.queryset = ClassGroup.objects.filter(known)
            self.initial["groups"] = list(self.instance.groups.all())

    def _post_clean(self) -> None:
        """The domain checks and saves."""


@page
@require_GET
def listed(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(SITTINGS.may(actor, "view"))
    listing = Listing(
        rows=teaching.sittings(actor).select_related("organisation", "version__test"),
        params=request.GET,
        search=lambda rows, text: rows.filter(title__icontains=text),
        filter_by=[
            Filter("status", _("State"), SittingStatus.choices),
            Filter(
                "marking", _("Marks"), [("waiting", _("there are works to mark"))],
                lambda rows, _value: teaching.with_marks_to_give(rows),
            ),
        ],
        sorts={"title": ["title"], "opens": ["opens_at"], "closes": ["closes_at"]},
        default_sort="-opens",
        columns=[
            Column(_("Title"), lambda row: row.title),
            Column(_("Opens"), lambda row: row.opens_at.isoformat()),
            Column(_("Closes"), lambda row: row.closes_at.isoformat()),
            Column(_("State"), lambda row: str(row.get_status_display())),
            Column(_("Begun"), lambda row: row.begun),
            Column(pgettext("attempt", "Handed in"), lambda row: row.handed_in),
        ],
        name="tests",
    )  # fmt: skip
    if answer := listing.export():
        return answer
    context = {
        "listing": listing,
        "may_add": SITTINGS.may(actor, "add"),
        "may_mark": SITTINGS.may(actor, "mark"),
    }
    return render(request, "assessment/sittings.html", context)


@page
def add(request: HttpRequest) -> HttpResponseBase:
    """Give a test."""
    actor, at = actor_of(request), clock.now()
    visible(SITTINGS.may(actor, "add"))
    asked = parsed(request.GET.get("test", ""))
    chosen = teaching.tests_to_give(actor).filter(pk=asked).first() if asked else None
    initial: dict[str, Any] = {"test": chosen, "title": chosen.title} if chosen else {}
    initial["opens_at"], initial["closes_at"] = sittings.likely_term(at)
    form = SittingForm(request.POST or None, actor=actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        assert actor.organisation_id is not None
        try:
            made = sittings.plan_sitting(
                version=form.cleaned_data["test"].current,
                values=form.cleaned_data,
                groups=form.cleaned_data["groups"],
                organisation_id=actor.organisation_id,
                actor=actor,
                at=at,
                key=key_of(request, "sitting"),
            )
            return redirect("assessment:watch", pk=made.pk)
        except ValidationError as error:
            add_errors(form, error)
    status = 422 if request.method == "POST" else 200
    return render(request, "assessment/sitting_form.html", {"form": form}, status=status)


@page
def edit(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor, at = actor_of(request), clock.now()
    found = SITTINGS.get(actor, "manage", pk=pk)
    form = SittingForm(request.POST or None, actor=actor, instance=found)
    if request.method == "POST" and form.is_valid():
        edition = request.POST.get("edition", "")
        try:
            sittings.change_sitting(
                found,
                edition=int(edition) if edition.isdecimal() and len(edition) < 10 else 0,
                values=form.cleaned_data,
                groups=form.cleaned_data["groups"],
                people=found.people.all(),
                actor=actor,
                at=at,
            )
            messages.success(request, _("Saved."))
            return redirect("assessment:watch", pk=pk)
        except ValidationError as error:
            add_errors(form, error)
        except Stale:
            form.add_error(None, _("Somebody else has saved it since. Look at it and save again."))
            found = Sitting.objects.get(pk=pk)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "sitting": found}
    return render(request, "assessment/sitting_form.html", context, status=status)


STATES = [
    ("none", pgettext_lazy("attempt", "Not begun")),
    ("open", pgettext_lazy("attempt", "In work")),
    ("marking", pgettext_lazy("attempt", "Being marked")),
    ("marked", pgettext_lazy("marking", "Marked")),
]


@page
@require_GET
def watch(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Who is where; the table asks for itself anew while the sitting is open."""
    actor, at = actor_of(request), clock.now()
    visible(SITTINGS.may(actor, "view"))
    found = SITTINGS.get(actor, pk=pk)
    groups = list(found.groups.all())
    listing = progress_of(found, groups, request, at)
    if (export := listing.export()) is not None:
        return export
    may_mark = SITTINGS.may(actor, "mark", found)
    may_manage = SITTINGS.may(actor, "manage", found)
    left_over = teaching.left_over(found, actor.on)
    context = {
        "sitting": found,
        "listing": listing,
        "tasks": found.version.items.count(),
        "totals": teaching.totals(found, at),
        "to_mark": teaching.to_mark(actor, found).count(),
        "may_manage": may_manage,
        "left_over": left_over,
        "experts": bool(left_over) and teaching.experts(actor.on).exists(),
        "may_withhold": may_manage and teaching.shown_to_learners(found),
        "may_mark": may_mark,
        "open": found.status == SittingStatus.OPEN and at < found.closes_at,
        "groups": groups,
        "queue_url": f"{reverse('assessment:queue')}?sitting={found.pk}" if may_mark else "",
    }
    return render(request, "assessment/watch.html", context)


def progress_of(
    sitting: Sitting, groups: list[ClassGroup], request: HttpRequest, at: datetime
) -> Listing[Person]:
    """Learners of a sitting, by class where there are several."""
    by_class: Filter[Person] = Filter(
        "class", _("Class"), [(str(one.pk), one.name) for one in groups],
        lambda rows, group: teaching.in_group(rows, group, at),
    )  # fmt: skip
    many = len(groups) > 1

    def last(name: str) -> Callable[[Any], Any]:
        return lambda row: getattr(row.attempt, name) if row.attempt else None

    return Listing(
        rows=teaching.learners(sitting, at),
        params=request.GET,
        search=lambda rows, text: rows.filter(family_name__istartswith=text),
        filter_by=[
            *([by_class] if many else ()),
            Filter("state", _("State"), STATES, teaching.in_state),
        ],
        sorts={"name": ["family_name", "given_name", "patronymic"], "mark": ["last_score"]},
        default_sort="name",
        columns=[
            Column(pgettext("person", "Name"), lambda row: row.full_name),
            Column(_("Class"), lambda row: row.classes),
            Column(
                _("State"),
                lambda row: str(
                    row.attempt.get_status_display()
                    if row.attempt
                    else pgettext("attempt", "not begun")
                ),
            ),
            Column(pgettext("attempt", "Begun"), last("started_at")),
            Column(pgettext("attempt", "Handed in"), last("closed_at")),
            Column(_("Mark"), last("score")),
            Column(_("Greatest mark"), last("max_score")),
        ],
        complete=teaching.with_progress(sitting, at),
        name="marks",
    )


DONE = {
    "announce": gettext_lazy("Learners see the test now."),
    "close": gettext_lazy("The test is closed."),
    "release": gettext_lazy("The marks are published."),
    "withhold": gettext_lazy("The marks are withheld."),
}


@page
@require_POST
def act(request: HttpRequest, pk: UUID, what: str) -> HttpResponseBase:
    """Announce, close, release, withhold."""
    actor, at = actor_of(request), clock.now()
    found = SITTINGS.get(actor, "manage", pk=pk)
    if what not in DONE:
        raise Http404
    try:
        match what:
            case "announce":
                sittings.announce(found, actor=actor, at=at)
            case "close":
                sittings.close(found, actor=actor, at=at)
            case "release":
                sittings.release(found, actor=actor, at=at)
            case "withhold":
                reason = request.POST.get("reason", "")
                sittings.withhold(found, actor=actor, at=at, reason=reason)
        messages.success(request, str(DONE[what]))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("assessment:watch", pk=pk)


@page
def quality(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """How good the marking was: figures, pictures, and what should be looked at. POST computes."""
    actor, at = actor_of(request), clock.now()
    found = SITTINGS.get(actor, pk=pk)
    kept = SittingAnalysis.objects.filter(sitting=found).first()
    changed = teaching.last_change(found)
    if request.method == "POST" or (
        changed is not None and (kept is None or kept.computed_at < changed)
    ):
        kept = analysis.analyse(found, at=at)
        if request.method == "POST":
            return redirect("assessment:quality", pk=pk)
    rows = ItemAnalysis.objects.filter(sitting=found).select_related("item_version__item")
    items = [
        {
            "row": row,
            "figures": row.figures,
            "few": row.figures["count"] < SOME,  # type: ignore[operator]
            "remarks": [remark_text(r, row) for r in row.remarks],
        }
        for row in sorted(rows, key=lambda row: (len(row.ref), row.ref))
    ]
    context = {
        "sitting": found,
        "analysis": kept,
        "items": items,
        "noted": sum(bool(one["remarks"]) for one in items),
        "difficulties": [
            (one["row"].ref, round(100 * one["figures"]["difficulty"]))  # type: ignore[attr-defined,call-overload,index]
            for one in items
            if one["figures"].get("difficulty") is not None  # type: ignore[attr-defined]
        ],
    }
    return render(request, "assessment/quality.html", context)


@page
@require_GET
def work(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One learner's work as its teacher sees it, with every answer that arrived."""
    actor = actor_of(request)
    found = ATTEMPTS.get(actor, pk=pk)
    visible(SITTINGS.may(actor, "mark", found.sitting))
    context = {
        "attempt": found,
        "sitting": found.sitting,
        "results": found.results.select_related("item_version__item").prefetch_related("marks"),
        "answers": found.answers.order_by("received_at")[:500],
    }
    return render(request, "assessment/work.html", context)
