"""The site's addresses and the baseline: through the same middleware, one indexed SELECT."""

from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from sreda.config import urls
from sreda.registry.api import Organisation


def baseline(request: HttpRequest) -> JsonResponse:
    """Session and user are read as by any page; then one row by its indexed number."""
    assert request.user.is_authenticated
    found = Organisation.objects.only("short_name").get(code=request.GET["code"])
    return JsonResponse({"name": found.short_name})


handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
urlpatterns = [path("bench/baseline", baseline), path("", include(urls.urlpatterns))]
