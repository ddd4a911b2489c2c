"""How views answer: who may ask what, how an answer is cached, and what a refusal looks like.

`@page` is for pages that everybody sees alike, `@private_page` for those with a form that sets a cookie, `@data` for
what programs read.
"""

import contextlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation

from maninso.web.shared.formats import settle_particles
from maninso.web.shared.problems import METHOD, NO_DATABASE, Problem, Refused, answer_problem

PAGE_CACHING = "public, max-age=0, s-maxage=1, stale-while-revalidate=30, stale-if-error=86400"
SAFE_METHODS = ("GET", "HEAD")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Return a page made of a template of this package, with Korean particles settled."""
    html: str = render_to_string(f"maninso/{template}", context, request)
    if translation.get_language() == "ko":
        html = settle_particles(html)
    return HttpResponse(html, status=status)


def render_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return the page that says what is wrong and what to do next. It is not cached."""
    context: dict[str, Any] = {"problem": problem, "asked": ""}
    with contextlib.suppress(SuspiciousOperation):  # so many fields that they are not read
        context["asked"] = request.GET.get("q", "").replace("\0", "")  # what was looked for is not lost
    if problem.status >= 500:
        context["notices"] = ()  # a database that just did not answer is not asked once more
    response = render_page(request, "error.html", context, status=problem.status)
    if problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem is METHOD:
        response.headers["Allow"] = ", ".join(SAFE_METHODS)
    return response


def page(view: View[P]) -> View[P]:
    """Make a view a page that is the same for everybody: GET only, cached by shared caches, served stale on error."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            if request.method not in SAFE_METHODS:
                raise Refused(METHOD)
            response = view(request, *args, **kwargs)
        except Refused as refused:
            return render_problem(request, refused.problem)
        except OperationalError:
            return render_problem(request, NO_DATABASE)
        if response.status_code in (200, 410):
            response.headers.setdefault("Cache-Control", PAGE_CACHING)
        return response

    return answer


def private_page(view: View[P]) -> View[P]:
    """Make a view a page with a form that sets a cookie: GET and POST, never cached."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            if request.method not in (*SAFE_METHODS, "POST"):
                raise Refused(METHOD)
            response = view(request, *args, **kwargs)
        except Refused as refused:
            return render_problem(request, refused.problem)
        except OperationalError:
            return render_problem(request, NO_DATABASE)
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


def data(view: View[P]) -> View[P]:
    """Make a view an answer for programs: GET only, readable from any site, refused with problem details."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            if request.method == "OPTIONS":
                response: HttpResponseBase = HttpResponse(status=204)
            elif request.method in SAFE_METHODS:
                response = view(request, *args, **kwargs)
            else:
                raise Refused(METHOD)
        except Refused as refused:
            response = answer_problem(refused.problem, errors=refused.errors)
        except OperationalError:
            response = answer_problem(NO_DATABASE)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Methods"] = "GET"
        response.headers["Access-Control-Allow-Headers"] = "Origin, X-Requested-With, Content-Type, Accept"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After, RateLimit, RateLimit-Policy"
        if response.status_code == 405:
            response.headers["Allow"] = ", ".join((*SAFE_METHODS, "OPTIONS"))
        return response

    return answer
