"""Addresses of the looks."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
