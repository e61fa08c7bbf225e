"""Addresses of assessment."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sreda.assessment.web import answers

app_name = "assessment"
urlpatterns: list[URLPattern | URLResolver] = [
    path("answers/", answers.answers, name="answers"),
]
