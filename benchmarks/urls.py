from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls


@login_not_required
def ok(request: HttpRequest) -> HttpResponse:
    """The least that a page of this project can be: what the others are measured by."""
    return HttpResponse("ok")


urlpatterns = [path("ok/", ok), *urls.urlpatterns]
handler500 = urls.handler500
