"""Credentials of sources and totals, for the regional operator."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from sreda.kernel import clock
from sreda.kernel.api import Column, Filter, Listing
from sreda.records.access import CREDENTIALS
from sreda.records.domain.credentials import make, revoke
from sreda.records.enums import Scope
from sreda.records.models import Credential
from sreda.records.queries.figures import totals as totals_of
from sreda.registry.api import Organisation
from sreda.ui.pages import actor_of, add_errors, page, visible


class CredentialForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=200,
        help_text=gettext_lazy("The system or tool that will send or read records."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=Scope.choices,
        initial=[Scope.WRITE, Scope.READ_MINE],
        widget=forms.CheckboxSelectMultiple,
    )
    organisation = forms.CharField(
        label=gettext_lazy("Only for the organisation"),
        required=False,
        max_length=30,
        help_text=gettext_lazy(
            "Its registry number. What the source sends counts as of this organisation, and it"
            " reads nothing of others."
        ),
    )
    agent = forms.CharField(
        label=gettext_lazy("Who vouches"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "An Agent of xAPI as JSON, the authority of its statements. Empty: an account of"
            " this site with the name of the source."
        ),
    )

    def clean_organisation(self) -> Organisation | None:
        code = self.cleaned_data["organisation"].strip()
        found = Organisation.objects.filter(code=code).first() if code else None
        if code and found is None:
            raise ValidationError(_("No organisation has this number."))
        return found


@require_GET
@page
def credentials(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(CREDENTIALS.may(actor, "view"))
    listing: Listing[Credential] = Listing(
        CREDENTIALS.all(actor).select_related("organisation"),
        request.GET,
        search=lambda rows, text: rows.filter(name__icontains=text) | rows.filter(key=text),
        filter_by=[
            Filter(
                "state",
                gettext_lazy("State"),
                [("yes", gettext_lazy("in force")), ("no", gettext_lazy("revoked"))],
                lambda rows, value: rows.filter(revoked_at__isnull=value == "yes"),
            )
        ],
        sorts={"name": ["name"], "made": ["made_at"], "used": ["used_at"]},
        default_sort="name",
        columns=[
            Column(gettext_lazy("Source"), lambda c: c.name),
            Column(gettext_lazy("Key"), lambda c: c.key),
            Column(gettext_lazy("What it may do"), lambda c: ", ".join(c.scopes)),
            Column(gettext_lazy("Organisation"), lambda c: str(c.organisation or "")),
            Column(gettext_lazy("Made"), lambda c: c.made_at),
            Column(gettext_lazy("Last used"), lambda c: c.used_at),
            Column(gettext_lazy("Revoked"), lambda c: c.revoked_at),
        ],
        name="credentials",
    )
    scopes = dict(Scope.choices)
    return listing.export() or render(
        request,
        "records/credentials.html",
        {
            "listing": listing,
            "rows": [(c, [scopes.get(s, s) for s in c.scopes]) for c in listing.page],
        },
    )


@require_http_methods(["GET", "POST"])
@page
def credential_add(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(CREDENTIALS.may(actor, "add"))
    form = CredentialForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                made = make(**form.cleaned_data, at=clock.now(), actor=actor)
            except ValidationError as error:
                add_errors(form, error)
            else:
                response = render(
                    request,
                    "records/credential_made.html",
                    {
                        "made": made,
                        "address": request.build_absolute_uri("/xapi/"),
                        "home_page": settings.SITE_ADDRESS,
                    },
                )
                response["Cache-Control"] = "private, no-store"
                return response
        status = 422
    return render(request, "records/credential_add.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@page
def credential_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = CREDENTIALS.get(actor, "revoke", pk=pk)
    if request.method == "POST":
        revoke(found, at=clock.now(), actor=actor)
        messages.success(request, _("The credential is revoked."))
        return redirect("records:credentials")
    return render(request, "records/credential_revoke.html", {"credential": found})


@require_GET
@page
def totals(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    visible(CREDENTIALS.may(actor, "view"))
    found = totals_of(actor.on)
    return render(
        request,
        "records/totals.html",
        {
            "totals": found,
            "labels": [day.strftime("%d.%m") for day in found.days],
            "series": [{"name": _("Statements"), "values": found.by_day}],
        },
    )
