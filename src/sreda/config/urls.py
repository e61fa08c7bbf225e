"""Every address of the site: one line an app."""

from django.urls import include, path

from sreda.config.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("sreda.portal.urls")),
    path("registry/", include("sreda.registry.urls")),
    path("programme/", include("sreda.programme.urls")),
    path("reporting/", include("sreda.reporting.urls")),
    path("assessment/", include("sreda.assessment.urls")),
    path("records/", include("sreda.records.urls")),
    path("xapi/", include("sreda.exchange.xapi.urls")),
    path("account/", include("allauth.urls")),
    path("ui/", include("sreda.ui.urls")),
]

handler400 = "sreda.ui.views.bad_request"
handler403 = "sreda.ui.views.forbidden"
handler404 = "sreda.ui.views.not_found"
handler500 = "sreda.ui.views.server_error"
