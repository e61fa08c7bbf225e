"""The closed frame of portable custom interactions, and the files in it.

A frame has an opaque origin and no cookie, so its address itself says what it may read: a ticket,
given with a page to whoever may see the item, opens one version's files for `TERM` seconds and
nothing else. The policy of every answer is a sandbox that reaches no network but that folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET

from sreda.assessment import qti
from sreda.assessment.domain.media import content_of
from sreda.assessment.domain.reading import item_of
from sreda.assessment.models import Attempt, ItemVersion, Resource, TestItem
from sreda.assessment.rendering.files import SHOWN
from sreda.kernel.api import StoredFile, path_of
from sreda.ui import bundle

SALT = "assessment.portable"
TERM = 12 * 3600
KIND = "portable-custom"
CONFIGURATIONS = {
    "primary-configuration": "modules/module_resolution.js",
    "secondary-configuration": "modules/fallback_module_resolution.js",
}
READABLE = 1024 * 1024
TYPES = SHOWN | {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
}
TEXTS = frozenset({".html", ".htm", ".tpl", ".txt", ".json", ".svg", ".xml", ".css"})


def portable_of(request: HttpRequest, version: ItemVersion | None) -> Callable[[str], str | None]:
    """For `Page.portable`: the frame's address, for a page that shows this version to somebody who
    may see it. None where the version has no file a frame could run."""
    if version is None:
        return lambda response: None
    found = version

    def address(response: str) -> str | None:
        if not found.resources.filter(href__iendswith=".js").exists():
            return None
        site = f"{request.scheme}://{request.get_host()}"
        ticket = signing.dumps([str(found.pk), site], salt=SALT)
        return settings.CONTENT_ORIGIN + reverse("assessment:portable", args=[ticket])

    return address


def portable_at(request: HttpRequest, attempt: Attempt, ref: str) -> Callable[[str], str | None]:
    """The same for an item of an attempt, by its reference."""

    def address(response: str) -> str | None:
        place = TestItem.objects.filter(version=attempt.sitting.version_id, ref=ref)
        found = place.select_related("item_version").first()
        return portable_of(request, found.item_version if found else None)(response)

    return address


def opened(request: HttpRequest, ticket: str) -> tuple[ItemVersion, str]:
    """The version a ticket opens, and the site whose pages may hold the frame; 404 for any other
    ticket, and for another host where the frames have one of their own."""
    own = settings.CONTENT_ORIGIN.partition("://")[2]
    if own and request.get_host() != own:
        raise Http404
    try:
        pk, site = signing.loads(ticket, salt=SALT, max_age=TERM)
    except (signing.BadSignature, ValueError) as wrong:
        raise Http404 from wrong
    version = ItemVersion.objects.filter(pk=UUID(pk)).first()
    if version is None:
        raise Http404
    return version, site


def closed(
    response: HttpResponseBase, request: HttpRequest, ticket: str, site: str
) -> HttpResponseBase:
    """With the policy: scripts of this folder and of the frame itself, nothing else of the net."""
    origin = f"{request.scheme}://{request.get_host()}"
    folder = origin + reverse("assessment:portable", args=[ticket])
    script = urljoin(origin, bundle.url("src/portable/frame.ts"))
    response["Content-Security-Policy"] = "; ".join(
        (
            "sandbox allow-scripts",
            "default-src 'none'",
            f"script-src {folder} {script}",
            f"style-src {folder} 'unsafe-inline'",
            f"img-src {folder} data: blob:",
            f"font-src {folder} data:",
            f"media-src {folder} data: blob:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {site}",
        )
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["X-DNS-Prefetch-Control"] = "off"
    response["Referrer-Policy"] = "no-referrer"
    response["Access-Control-Allow-Origin"] = "*"  # fonts; without credentials, by ticket alone
    response["Cache-Control"] = f"private, max-age={TERM // 12}"
    return response


@xframe_options_exempt
@require_GET
def portable(request: HttpRequest, ticket: str) -> HttpResponseBase:
    """The frame's page: our loader and where the modules are; all else comes by message."""
    version, site = opened(request, ticket)
    context = {
        "paths": module_paths(version),
        "script": bundle.url("src/portable/frame.ts"),
        "title": version.item.title,
    }
    response = render(request, "assessment/portable.html", context)
    return closed(response, request, ticket, site)


@xframe_options_exempt
@require_GET
def portable_file(request: HttpRequest, ticket: str, href: str) -> HttpResponseBase:
    """A module, style or picture of the version; `?as=text` wraps a text as a module."""
    version, site = opened(request, ticket)
    row = Resource.objects.filter(version=version, href=href).select_related("file").first()
    if row is None or not path_of(row.file).exists():
        raise Http404
    ending = PurePosixPath(href).suffix.lower()
    if request.GET.get("as") == "text" and ending in TEXTS:
        text = json.dumps(text_of(row.file)).replace("<", "\\u003c")
        response: HttpResponseBase = HttpResponse(f"define({text});", content_type=TYPES[".js"])
    elif kind := TYPES.get(ending):
        response = FileResponse(path_of(row.file).open("rb"), content_type=kind)
    else:
        raise Http404
    return closed(response, request, ticket, site)


def text_of(file: StoredFile) -> str:
    if file.size > READABLE:
        raise Http404
    return content_of(file).decode("utf-8-sig", errors="replace")


def module_paths(version: ItemVersion) -> dict[str, list[str]]:
    """Where each module is, the first choice first: as the item says, then as the configurations
    beside it say. Only what is there: addresses elsewhere are left out."""
    files = {
        row.href: row.file
        for row in Resource.objects.filter(version=version).select_related("file")
    }
    found: dict[str, list[str]] = {}

    def add(name: str, *paths: str) -> None:
        for path in paths:
            there = next((p for p in (path, f"{path}.js") if p in files), None)
            if name and there and there not in found.setdefault(name, []):
                found[name].append(there)

    for one in item_of(version).interactions:
        if one.kind != KIND:
            continue
        modules = one.element.find("qti-interaction-modules")
        for module in modules.all("qti-interaction-module") if modules is not None else ():
            add(module.get("id"), module.get("primary-path"), module.get("fallback-path"))
        for attribute, usual in CONFIGURATIONS.items():
            path = modules.get(attribute) if modules is not None else ""
            for name, listed in _configured(files, path or usual).items():
                add(name, *listed)
        add(one.element.get("module"), one.element.get("module"))
    return {name: paths for name, paths in found.items() if paths}


def _configured(files: Mapping[str, StoredFile], path: str) -> dict[str, list[str]]:
    """Modules that a configuration names: {"paths": {id: path or [paths]}}. Paths count from the
    item, or, where nothing is there, from the configuration."""
    kept = files.get(path)
    try:
        said = json.loads(text_of(kept)) if kept else {}
    except (ValueError, RecursionError, Http404):
        return {}
    paths = said.get("paths") if isinstance(said, dict) else None
    if not isinstance(paths, dict):
        return {}
    found: dict[str, list[str]] = {}
    for name, listed in paths.items():
        for one in listed if isinstance(listed, list) else [listed]:
            if isinstance(one, str) and not qti.is_remote(one):
                beside = qti.resolve(path, one)
                found.setdefault(name, []).append(one.removeprefix("/"))
                found[name] += [beside] if beside else []
    return found
