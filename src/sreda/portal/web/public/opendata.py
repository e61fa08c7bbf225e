"""Pages and files of the open data."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sreda.kernel import clock
from sreda.portal.opendata.datasets import DATASETS, REGISTERED
from sreda.portal.opendata.formats import FORMATS
from sreda.portal.opendata.metadata import csv_on_the_web, data_package
from sreda.portal.opendata.model import Dataset
from sreda.portal.opendata.programme import PROGRAMME
from sreda.portal.opendata.store import file_of
from sreda.portal.site import site
from sreda.registry.api import data_version

PREVIEW = 5


def _dataset(name: str) -> Dataset:
    try:
        return DATASETS[name]
    except KeyError as missing:
        raise Http404 from missing


@require_safe
def open_data(request: HttpRequest) -> HttpResponseBase:
    return render(
        request,
        "portal/open_data.html",
        {
            "groups": [(_("The registry"), REGISTERED), (_("The programme of change"), PROGRAMME)],
            "formats": list(FORMATS),
            "version": data_version(),
        },
    )


@require_safe
def dataset(request: HttpRequest, name: str) -> HttpResponseBase:
    found = _dataset(name)
    on = clock.today()
    context: dict[str, Any] = {
        "dataset": found,
        "preview": list(islice(found.table(on), PREVIEW)),
        "formats": list(FORMATS),
        "dataset_at": data_version().at if found in REGISTERED else None,
    }
    return render(request, "portal/dataset.html", context)


@require_safe
def download(request: HttpRequest, name: str, form: str) -> HttpResponseBase:
    """The whole file. A client that has this state already is told so (304)."""
    found = _dataset(name)
    if form not in FORMATS:
        raise Http404
    # A file must not depend on who asks: texts in it are in the region's language.
    with translation.override("ru"):
        kept = file_of(found, form, clock.today())
    headers = {
        "ETag": kept.etag,
        "Last-Modified": http_date(kept.modified),
        "Cache-Control": "public, no-cache",
        "Access-Control-Allow-Origin": "*",
    }
    response: HttpResponseBase | None = get_conditional_response(
        request, etag=kept.etag, last_modified=int(kept.modified)
    )
    if response is None or response.status_code == 200:
        response = FileResponse(
            kept.path.open("rb"),
            as_attachment=True,
            filename=f"{name}.{form}",
            content_type=FORMATS[form][1],
        )
    for header, value in headers.items():
        response[header] = value
    return response


def _json(data: dict[str, Any], content_type: str = "application/json") -> JsonResponse:
    response = JsonResponse(
        data, json_dumps_params={"ensure_ascii": False, "indent": 2}, content_type=content_type
    )
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def package(request: HttpRequest) -> HttpResponseBase:
    base = reverse("open_data")
    return _json(
        data_package(
            DATASETS.values(),
            site(),
            lambda file: request.build_absolute_uri(base + file),
            data_version().at,
        )
    )


@require_safe
def csv_metadata(request: HttpRequest, name: str) -> HttpResponseBase:
    """Where CSV on the Web looks for it: the file's address with -metadata.json after it."""
    base = reverse("open_data")
    return _json(
        csv_on_the_web(
            _dataset(name),
            site(),
            lambda file: request.build_absolute_uri(base + file),
            translation.get_language() or "ru",
        ),
        "application/csvm+json",
    )
