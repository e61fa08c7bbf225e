"""Addresses of the pages of learning records."""

from django.urls import URLPattern

app_name = "records"
urlpatterns: list[URLPattern] = []
