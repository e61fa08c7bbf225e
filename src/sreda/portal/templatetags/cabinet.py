"""Filters of the cabinet pages."""

from __future__ import annotations

from django import template

from sreda.portal.browsers import browser_of
from sreda.portal.web.cabinet.wording import action_label

register = template.Library()
register.filter("action_label", action_label)
register.filter("browser", browser_of)
