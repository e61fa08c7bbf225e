"""Addresses of reporting."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sreda.reporting.web import (
    acts,
    analytics,
    campaigns,
    cells,
    consolidated,
    dashboards,
    indicators,
    proposals,
    reports,
    statistics,
    surveys,
    workbooks,
)
from sreda.reporting.web.design import (
    dictionaries,
    editor,
    forms,
    publishing,
    transfer,
    trying,
)

app_name = "reporting"
design: list[URLPattern | URLResolver] = [
    path("forms/", forms.form_list, name="forms"),
    path("forms/add/", forms.form_add, name="form_add"),
    path("forms/import/", transfer.form_import, name="form_import"),
    path("forms/shipped/", forms.shipped, name="forms_shipped"),
    path("forms/<uuid:pk>/", forms.form, name="form"),
    path("forms/<uuid:pk>/edit/", forms.form_edit, name="form_edit"),
    path("forms/<uuid:pk>/draft/", forms.draft_begin, name="draft_begin"),
    path("forms/<uuid:pk>/withdraw/", forms.withdraw, name="form_withdraw"),
    path("versions/<uuid:pk>/", editor.version, name="version"),
    path("versions/<uuid:pk>/part/", editor.part, name="part"),
    path("versions/<uuid:pk>/add/", editor.part_add, name="part_add"),
    path("versions/<uuid:pk>/lines/", editor.lines, name="lines"),
    path("versions/<uuid:pk>/cell/", editor.cell, name="table_cell"),
    path("versions/<uuid:pk>/act/", editor.act, name="part_act"),
    path("versions/<uuid:pk>/delete/", forms.draft_delete, name="draft_delete"),
    path("versions/<uuid:pk>/try/", trying.attempt, name="attempt"),
    path("versions/<uuid:pk>/build/", trying.build, name="build"),
    path("versions/<uuid:pk>/preview/", trying.preview, name="preview"),
    path("versions/<uuid:pk>/publishing/", publishing.publishing, name="publishing"),
    path("versions/<uuid:pk>/publish/", publishing.publish, name="publish"),
    path("versions/<uuid:pk>/fill-from/", publishing.fill_from, name="fill_from"),
    path("versions/<uuid:pk>/repeat/", publishing.repeat, name="repeat"),
    path("versions/<uuid:pk>/connect/", publishing.connect, name="connect"),
    path("versions/<uuid:pk>/carry/<uuid:campaign>/", publishing.carry, name="carry"),
    path("versions/<uuid:pk>/carry/<uuid:campaign>/do/", publishing.carry_over, name="carry_over"),
    path("versions/<uuid:pk>/imported/", transfer.imported, name="imported"),
    path("versions/<uuid:pk>/export/<slug:shape>/", transfer.export, name="form_export"),
    path("dictionaries/", dictionaries.dictionary_list, name="dictionaries"),
    path("dictionaries/add/", dictionaries.dictionary_add, name="dictionary_add"),
    path("dictionaries/<uuid:pk>/", dictionaries.dictionary, name="dictionary"),
    path(
        "dictionaries/<uuid:pk>/delete/", dictionaries.dictionary_delete, name="dictionary_delete"
    ),
]
filling: list[URLPattern | URLResolver] = [
    path("reports/", reports.reports, name="reports"),
    path("reports/<uuid:pk>/", reports.report, name="report"),
    path("reports/<uuid:pk>/save/", reports.save, name="save"),
    path("reports/<uuid:pk>/state/", reports.state, name="state"),
    path("reports/<uuid:pk>/check/", acts.check, name="check"),
    path("reports/<uuid:pk>/submit/", acts.submit, name="submit"),
    path("reports/<uuid:pk>/withdraw/", acts.withdraw, name="withdraw"),
    path("reports/<uuid:pk>/review/", acts.review, name="review"),
    path("reports/<uuid:pk>/comments/", acts.comment, name="comment"),
    path("reports/<uuid:pk>/comments/<uuid:comment_pk>/", acts.settle, name="settle"),
    path("reports/<uuid:pk>/parts/", acts.delegate, name="delegate"),
    path("reports/<uuid:pk>/parts/<uuid:given_pk>/", acts.revoke, name="revoke"),
    path("reports/<uuid:pk>/ready/", acts.part_done, name="part_done"),
    path("reports/<uuid:pk>/file/", acts.file, name="file"),
    path("reports/<uuid:pk>/history/", acts.history, name="history"),
    path("reports/<uuid:pk>/cell/", cells.cell, name="cell"),
    path("reports/<uuid:pk>/records/", cells.records, name="records"),
    path("reports/<uuid:pk>/report.xlsx", workbooks.xlsx, name="xlsx"),
    path("reports/<uuid:pk>/report.pdf", workbooks.pdf, name="pdf"),
    path("reports/<uuid:pk>/workbook/", workbooks.upload, name="upload"),
    path("reports/<uuid:pk>/paper/", workbooks.paper, name="paper"),
]
watching: list[URLPattern | URLResolver] = [
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/add/", campaigns.campaign_add, name="campaign_add"),
    path("campaigns/<uuid:pk>/", campaigns.campaign, name="campaign"),
    path("campaigns/<uuid:pk>/state/", campaigns.campaign_state, name="campaign_state"),
    path("campaigns/<uuid:pk>/open/", campaigns.campaign_open, name="campaign_open"),
    path("campaigns/<uuid:pk>/cancel/", campaigns.campaign_cancel, name="campaign_cancel"),
    path("campaigns/<uuid:pk>/remind/", campaigns.campaign_remind, name="campaign_remind"),
    path("campaigns/<uuid:pk>/close/", campaigns.campaign_close, name="campaign_close"),
    path("campaigns/<uuid:pk>/reopen/", campaigns.campaign_reopen, name="campaign_reopen"),
    path("campaigns/<uuid:pk>/sums/", consolidated.consolidated, name="consolidated"),
    path(
        "campaigns/<uuid:pk>/sums/cell/", consolidated.consolidated_cell, name="consolidated_cell"
    ),
    path(
        "campaigns/<uuid:pk>/sums/submit/",
        consolidated.consolidation_submit,
        name="consolidation_submit",
    ),
    path("proposals/", proposals.proposals, name="proposals"),
    path("proposals/<uuid:pk>/", proposals.decide, name="decide"),
]
monitoring: list[URLPattern | URLResolver] = [
    path("indicators/", indicators.indicators, name="indicators"),
    path("indicators/add/", indicators.add, name="indicator_add"),
    path("indicators/check/", indicators.check, name="indicator_check"),
    path("indicators/shipped/", indicators.ship, name="indicators_ship"),
    path("indicators/values/<slug:form>/", statistics.values, name="indicator_values"),
    path("indicators/<uuid:pk>/", indicators.indicator, name="indicator"),
    path("indicators/<uuid:pk>/edit/", indicators.edit, name="indicator_edit"),
    path("indicators/<uuid:pk>/delete/", indicators.delete, name="indicator_delete"),
    path(
        "indicators/<uuid:pk>/organisations/",
        indicators.organisations,
        name="indicator_organisations",
    ),
    path(
        "indicators/<uuid:pk>/records/<int:number>/", indicators.records, name="indicator_records"
    ),
    path("indicators/<uuid:pk>/export.<slug:form>", indicators.export, name="indicator_export"),
    path("dashboards/", dashboards.dashboards, name="dashboards"),
    path("dashboards/add/", dashboards.add, name="dashboard_add"),
    path("dashboards/<uuid:pk>/", dashboards.dashboard, name="dashboard"),
    path("dashboards/<uuid:pk>/edit/", dashboards.edit, name="dashboard_edit"),
    path("dashboards/<uuid:pk>/copy/", dashboards.copy, name="dashboard_copy"),
    path("dashboards/<uuid:pk>/delete/", dashboards.delete, name="dashboard_delete"),
    path("dashboards/<uuid:pk>/export.<slug:form>", dashboards.export, name="dashboard_export"),
    path("dashboards/<uuid:pk>/mail/", dashboards.mailing_add, name="mailing_add"),
    path("dashboards/<uuid:pk>/parts/add/", dashboards.widget, name="widget_add"),
    path("dashboards/<uuid:pk>/parts/<uuid:part>/", dashboards.widget, name="widget_edit"),
    path(
        "dashboards/<uuid:pk>/parts/<uuid:part>/arrange/",
        dashboards.arrange,
        name="widget_arrange",
    ),
    path("mailings/<uuid:pk>/stop/", dashboards.mailing_drop, name="mailing_drop"),
    path("mailings/stop/<str:token>/", dashboards.mailing_stop, name="mailing_stop"),
    path("public/", dashboards.public, name="public"),
    path("embed/<uuid:pk>/", dashboards.embed, name="embed"),
    path("analytics/", analytics.catalogue, name="analytics"),
    path("analytics/<slug:name>.parquet", analytics.download, name="analytics_file"),
]
of_people: list[URLPattern | URLResolver] = [
    path("surveys/", surveys.mine, name="surveys"),
    path("surveys/<uuid:pk>/", surveys.answer, name="survey"),
    path("surveys/all/", surveys.every, name="surveys_all"),
    path("surveys/all/add/", surveys.add, name="survey_add"),
    path("surveys/all/<uuid:pk>/results/", surveys.results, name="survey_results"),
    path("surveys/all/<uuid:pk>/edit/", surveys.edit, name="survey_edit"),
    path("surveys/all/<uuid:pk>/silent/", surveys.silent, name="survey_silent"),
    path("surveys/all/<uuid:pk>/open/", surveys.open_now, name="survey_open"),
    path("surveys/all/<uuid:pk>/remind/", surveys.remind, name="survey_remind"),
    path("surveys/all/<uuid:pk>/close/", surveys.close, name="survey_close"),
    path("surveys/all/<uuid:pk>/cancel/", surveys.cancel, name="survey_cancel"),
]
urlpatterns = [*of_people, *filling, *watching, *design, *monitoring]
