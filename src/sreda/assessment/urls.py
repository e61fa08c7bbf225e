"""Addresses of assessment."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sreda.assessment.web import (
    acts,
    answers,
    bank,
    children,
    editor,
    marking,
    packages,
    portable,
    quizzes,
    rescoring,
    sittings,
    taking,
)

app_name = "assessment"
urlpatterns: list[URLPattern | URLResolver] = [
    path("answers/", answers.answers, name="answers"),
    path("tests/", taking.mine, name="mine"),
    path("tests/<uuid:pk>/", taking.sitting, name="sitting"),
    path("children/", children.children, name="children"),
    path("attempts/<uuid:pk>/", taking.attempt, name="attempt"),
    path("attempts/<uuid:pk>/ticket/", taking.ticket, name="ticket"),
    path("attempts/<uuid:pk>/result/", taking.result, name="result"),
    path("attempts/<uuid:pk>/files/<str:ref>/<path:href>", taking.resource, name="resource"),
    path("sittings/", sittings.listed, name="sittings"),
    path("sittings/add/", sittings.add, name="sitting_add"),
    path("sittings/<uuid:pk>/", sittings.watch, name="watch"),
    path("sittings/<uuid:pk>/edit/", sittings.edit, name="sitting_edit"),
    path("sittings/<uuid:pk>/quality/", sittings.quality, name="quality"),
    path("sittings/<uuid:pk>/rescore/", rescoring.rescore, name="rescore"),
    path("sittings/<uuid:pk>/do/<slug:what>/", sittings.act, name="act"),
    path("rescorings/<uuid:pk>/", rescoring.rescoring, name="rescoring"),
    path("works/<uuid:pk>/", sittings.work, name="work"),
    path("marking/", marking.queue, name="queue"),
    path("appeals/", marking.appeals, name="appeals"),
    path("appeals/<uuid:pk>/decide/", marking.decide, name="decide"),
    path("results/<uuid:pk>/mark/", marking.mark, name="mark"),
    path("results/<uuid:pk>/sent/<uuid:file>/", marking.sent, name="sent"),
    path("attempts/<uuid:pk>/sent/<uuid:file>/", taking.own_file, name="own_file"),
    path(
        "attempts/<uuid:pk>/materials/<str:ref>/<uuid:stimulus>/<path:href>",
        taking.material,
        name="material",
    ),
    path("results/<uuid:pk>/appeal/", taking.appeal, name="appeal"),
    path("portable/<str:ticket>/", portable.portable, name="portable"),
    path("portable/<str:ticket>/<path:href>", portable.portable_file, name="portable_file"),
    path("items/", bank.items, name="items"),
    path("items/new/", editor.item_new, name="item_new"),
    path("items/packages/", packages.package_new, name="package_new"),
    path("items/packages/out/", packages.package_out, name="package_out"),
    path("items/packages/<uuid:pk>/", packages.package, name="package"),
    path("items/<uuid:pk>/", bank.item, name="item"),
    path("items/<uuid:pk>/act/", acts.item_act, name="item_act"),
    path("items/<uuid:pk>/edit/", editor.item_edit, name="item_edit"),
    path("items/<uuid:pk>/preview/", editor.item_preview, name="item_preview"),
    path("items/<uuid:pk>/versions/<int:number>/", bank.item, name="item_version"),
    path("items/<uuid:pk>/versions/<int:number>/try/", bank.item_try, name="item_try"),
    path(
        "items/<uuid:pk>/versions/<int:number>/files/<path:href>", bank.item_file, name="item_file"
    ),
    path(
        "items/<uuid:pk>/materials/<uuid:stimulus>/<path:href>",
        bank.stimulus_file,
        name="stimulus_file",
    ),
    path("quizzes/", quizzes.quizzes, name="quizzes"),
    path("quizzes/new/", quizzes.quiz_new, name="quiz_new"),
    path("quizzes/<uuid:pk>/", quizzes.quiz, name="quiz"),
    path("quizzes/<uuid:pk>/edit/", quizzes.quiz_edit, name="quiz_edit"),
    path("quizzes/<uuid:pk>/act/", acts.quiz_act, name="quiz_act"),
    path("quizzes/<uuid:pk>/package/", packages.test_out, name="test_out"),
]
