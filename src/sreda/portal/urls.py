"""Addresses of the public portal and the cabinets."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("cabinet/", include("sreda.portal.web.cabinet.urls")),
    path("", include("sreda.portal.web.public.urls")),
]
