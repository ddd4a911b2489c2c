"""What the signing path is measured against: the same server doing less, and a plain Django view."""

import os
from collections.abc import Awaitable
from typing import Any

from maninso.run.server import Site
from maninso.signing import intake, neighbours
from maninso.signing.problems import PROBLEM_BODIES, Refusal
from maninso.signing.reading import receive_body

ANSWER = b'{"petition":1,"leaf_hash":"' + b"0" * 64 + b'","receipt":"/petitions/1/receipts/' + b"0" * 64 + b'"}'
HEADERS = [("content-type", "application/json"), ("cache-control", "no-store")]
FORGOTTEN_AFTER = 0.5  # seconds


class Measured(Site):
    """The site, with two addresses that do less: /empty reads the body and answers; /busy refuses at once."""

    def __rsgi__(self, scope: Any, exchange: Any) -> Awaitable[None]:
        match scope.path:
            case "/empty":
                return answer_empty(scope, exchange)
            case "/busy":
                return refuse(scope, exchange)
        return super().__rsgi__(scope, exchange)


async def answer_empty(scope: Any, exchange: Any) -> None:
    if scope.method == "POST":
        await receive_body(scope.headers, exchange)
    exchange.response_bytes(201, HEADERS, ANSWER)


async def refuse(scope: Any, exchange: Any) -> None:
    await receive_body(scope.headers, exchange)
    exchange.response_bytes(503, HEADERS, PROBLEM_BODIES[Refusal.BUSY])


class SmallQueue(Measured):
    """The site with room for 200 waiting signatures a petition, so that a few connections overload it."""

    async def _start(self) -> None:
        await super()._start()
        assert self._intake is not None
        self._intake._most_waiting = 200


class Forgetful(Measured):
    """The site, where a petition counts as quiet again after half a second, not a minute: so a bench can wait."""

    async def _start(self) -> None:
        intake.SHARED = FORGOTTEN_AFTER
        neighbours.TOLD_FOR = FORGOTTEN_AFTER / 3
        await super()._start()


def make_forgetful() -> Forgetful:
    return Forgetful()


def make_small_queue() -> SmallQueue:
    return SmallQueue()


def make_measured() -> Measured:
    return Measured()


def plain_django() -> Any:
    """Return a WSGI application as one would write it first: one view, one ORM insert, one commit a signature."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "maninso.run.django_settings"
    import django
    from django.conf import settings

    settings.ROOT_URLCONF = __name__
    settings.CACHES = {}
    django.setup()
    from django.core.wsgi import get_wsgi_application
    from django.db import models
    from django.http import HttpRequest, JsonResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    class PlainSignature(models.Model):
        petition_id = models.BigIntegerField()
        person = models.CharField(max_length=200)
        signed_at = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label = "petitions"
            db_table = "bench_plain_signature"
            constraints = (models.UniqueConstraint(fields=["petition_id", "person"], name="bench_once"),)

    @csrf_exempt
    def sign(request: HttpRequest) -> JsonResponse:
        PlainSignature.objects.create(petition_id=1, person=request.headers["Authorization"][-60:])
        return JsonResponse({"petition": 1}, status=201)

    globals()["urlpatterns"] = [path("plain", sign)]
    return get_wsgi_application()
