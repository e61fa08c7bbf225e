"""What the pages of actions and bodies share: many small forms on one page, each with its answer;
decisions, and papers handed in with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from sreda.kernel import clock
from sreda.kernel.api import StoredFile, store
from sreda.programme.domain import actions
from sreda.programme.models import Programme
from sreda.programme.web.base import actor_of, add_errors, day_input, key_of


class DecisionForm(forms.Form):
    decided_on = forms.DateField(label=gettext_lazy("Date"), widget=day_input())
    number = forms.CharField(label=gettext_lazy("Number"), required=False, max_length=60)
    text = forms.CharField(
        label=gettext_lazy("Decision"),
        max_length=actions.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    file = forms.FileField(label=gettext_lazy("File"), required=False)


class Show(Protocol):
    """Renders the page; `faulty` forms and `errors` make it the answer to what was refused."""

    def __call__(
        self,
        *,
        faulty: Mapping[str, forms.Form] | None = None,
        errors: list[str] | None = None,
    ) -> HttpResponseBase: ...


def done(
    request: HttpRequest,
    act: Callable[[], object],
    *,
    show: Show,
    said: str,
    back: str,
    form: tuple[str, forms.Form] | None = None,
) -> HttpResponseBase:
    """Run one act and lead `back`; a refusal comes back on the page, at its field where there is
    one. A script that asks for JSON gets the same answer in it: 200 or 422 with the errors."""
    refused: list[str] | None = None
    if form is None or form[1].is_valid():
        try:
            act()
        except ValidationError as error:
            if form:
                add_errors(form[1], error)
            else:
                refused = error.messages
    in_json = request.headers.get("Accept") == "application/json"
    if form and form[1].errors:
        if in_json:
            return JsonResponse({"errors": form[1].errors}, status=422)
        return show(faulty=dict([form]))
    if refused is not None:
        if in_json:
            return JsonResponse({"errors": {"__all__": refused}}, status=422)
        return show(errors=refused)
    if in_json:
        return JsonResponse({"said": said})
    messages.success(request, said)
    return redirect(back)


def stored(request: HttpRequest, form: forms.Form) -> StoredFile | None:
    """The form's file, kept; its faults stand at the field."""
    if not form.cleaned_data["file"]:
        return None
    try:
        return store(form.cleaned_data["file"], at=clock.now(), actor=actor_of(request))
    except ValidationError as error:
        raise ValidationError({"file": error.messages}) from error


def decide(request: HttpRequest, programme: Programme, form: forms.Form, **about: Any) -> None:
    """Record the decision of a form, `about` an action or a body."""
    values = form.cleaned_data
    actions.record_decision(
        programme=programme,
        text=values["text"],
        number=values["number"],
        decided_on=values["decided_on"],
        file=stored(request, form),
        actor=actor_of(request),
        at=clock.now(),
        key=key_of(request, "decision"),
        **about,
    )
