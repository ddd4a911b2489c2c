"""Is the program up (healthz), and can it do its work (readyz)?"""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from maninso.web.shared.answers import data


@data
def is_alive(request: HttpRequest) -> HttpResponseBase:
    """GET /healthz: this process answers; it asks nobody else, so that a slow database restarts no web process."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@data
def is_ready(request: HttpRequest) -> HttpResponseBase:
    """GET /readyz: the database answers too; 503 where it does not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ready\n", content_type="text/plain; charset=utf-8")
