"""Addresses of the programme of change."""

from django.urls import URLPattern

app_name = "programme"
urlpatterns: list[URLPattern] = []
