"""Addresses of assessment."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sreda.assessment.web import answers, taking

app_name = "assessment"
urlpatterns: list[URLPattern | URLResolver] = [
    path("answers/", answers.answers, name="answers"),
    path("tests/", taking.mine, name="mine"),
    path("tests/<uuid:pk>/", taking.sitting, name="sitting"),
    path("attempts/<uuid:pk>/", taking.attempt, name="attempt"),
    path("attempts/<uuid:pk>/ticket/", taking.ticket, name="ticket"),
    path("attempts/<uuid:pk>/result/", taking.result, name="result"),
    path("attempts/<uuid:pk>/files/<str:ref>/<path:href>", taking.resource, name="resource"),
    path("results/<uuid:pk>/appeal/", taking.appeal, name="appeal"),
]
