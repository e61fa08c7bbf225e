"""Addresses of the programme of change: public ones, and the cabinet's under `manage/`."""

from django.urls import include, path

from sreda.programme.web import (
    budget,
    entries,
    findings,
    indicators,
    overview,
    packs,
    public,
    scenarios,
)

app_name = "programme"

manage = [
    path("", overview.overview, name="overview"),
    path("choose/", overview.choose, name="choose"),
    path("packs/", packs.packs, name="packs"),
    path("packs/example/", packs.example, name="example"),
    path("packs/<uuid:pk>/", packs.pack, name="pack"),
    path("packs/<uuid:pk>/confirm/", packs.confirm, name="confirm"),
    path("packs/<uuid:pk>/cancel/", packs.cancel, name="cancel"),
    path("packs/<uuid:pk>/again/", packs.again, name="again"),
    path("packs/<uuid:pk>/pack.xlsx", packs.download, name="load_xlsx"),
    path("packs/<uuid:pk>/original/", packs.original, name="original"),
    path("packs/<uuid:pk>/issues.<slug:form>", packs.issues, name="issues"),
    path("findings/", findings.findings, name="findings"),
    path("findings/decide/", findings.decide_many, name="decide_many"),
    path("findings/<uuid:pk>/", findings.finding, name="finding"),
    path("findings/<uuid:pk>/reopen/", findings.reopen, name="reopen"),
    path("list/", entries.entries, name="entries"),
    path("list/<uuid:pk>/", entries.entry, name="entry"),
    path("budget/", budget.budget, name="budget"),
    path("indicators/", indicators.indicators, name="indicators"),
    path("indicators/<uuid:pk>/", indicators.indicator, name="indicator"),
    path("indicators/<uuid:pk>/computation/", indicators.computation, name="computation"),
    path("implementations/", indicators.implementations, name="implementations"),
    path("implementations/<uuid:pk>/withdraw/", indicators.withdraw, name="withdraw"),
    path("scenario/", scenarios.scenario, name="scenario"),
    path("scenario/save/", scenarios.save, name="scenario_save"),
    path("scenario/<uuid:pk>/", scenarios.kept, name="scenario_kept"),
    path("scenario/<uuid:pk>/drop/", scenarios.drop, name="scenario_drop"),
]

urlpatterns = [
    path("", public.programme, name="public"),
    path("list/", public.listed, name="public_list"),
    path("findings/", public.findings, name="public_findings"),
    path("pack.xlsx", public.pack_xlsx, name="pack_xlsx"),
    path("empty-pack.xlsx", public.empty_pack, name="empty_pack"),
    path("manage/", include(manage)),
]
