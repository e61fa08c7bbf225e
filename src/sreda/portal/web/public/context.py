"""What every page under the public roof needs: sections, search, footer, imprint."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from sreda.portal.site import site

Link = dict[str, Any]


def public(request: HttpRequest) -> dict[str, Any]:
    """Context processor; callables, so that pages of the cabinet do not pay for them."""
    return {
        "site": site,
        "region_name": lambda: site().region,
        "search_url": lambda: reverse("organisations"),
        "home_url": lambda: reverse("home"),
        "login_url": lambda: reverse("account_login"),
        "public_nav": lambda: _sections(request.path),
        "footer_nav": _footer,
        "imprint": lambda: render_to_string("portal/parts/imprint.html", {"whose": site()}),
    }


def _sections(path: str) -> list[Link]:
    sections = [
        (reverse("organisations"), _("Organisations")),
        (reverse("municipalities"), _("Municipalities")),
        *_programme(),
        (reverse("reporting:public"), _("Monitoring")),
        (reverse("open_data"), _("Open data")),
        (reverse("about"), _("About the portal")),
    ]
    return [{"url": url, "label": label, "active": path.startswith(url)} for url, label in sections]


def _programme() -> list[tuple[str, str]]:
    try:
        return [(reverse("programme:public"), _("The programme of change"))]
    except NoReverseMatch:
        return []


def _footer() -> list[Link]:
    return [
        {
            "label": _("Sections of the portal"),
            "items": [
                {"url": reverse("organisations"), "label": _("Organisations")},
                {"url": reverse("municipalities"), "label": _("Municipalities")},
                *({"url": url, "label": label} for url, label in _programme()),
                {"url": reverse("reporting:public"), "label": _("Indicators of the region")},
                {"url": reverse("open_data"), "label": _("Open data")},
            ],
        },
        {
            "label": _("About the portal"),
            "items": [
                {"url": reverse("about"), "label": _("What the portal is for")},
                {"url": reverse("about") + "#imprint", "label": _("Imprint")},
                {"url": reverse("accessibility"), "label": _("Accessibility")},
            ],
        },
    ]
