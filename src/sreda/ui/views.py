"""Error pages."""

from typing import Any

from django.http import HttpRequest, HttpResponse


def _plain(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse(status=500)


bad_request = forbidden = not_found = server_error = _plain
