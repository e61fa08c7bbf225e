"""Addresses of the public portal and the cabinets."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
