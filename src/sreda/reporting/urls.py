"""Addresses of reporting."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sreda.reporting.web import indicators, statistics

app_name = "reporting"
urlpatterns: list[URLPattern | URLResolver] = [
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
]
