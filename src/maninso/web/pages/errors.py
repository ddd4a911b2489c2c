"""The pages for errors, in the reader's language, each saying what to do next; problem details for programs."""

from django.http import HttpRequest, HttpResponse

from maninso.web.shared.answers import render_problem
from maninso.web.shared.problems import BAD_REQUEST, FAILED, FORBIDDEN, NO_PAGE, TOO_MANY, Problem, answer_problem

_DATA_ENDINGS = (".json", ".csv")
_DATA_FOLDERS = ("/p/", "/log/", "/api/", "/healthz", "/readyz")


def is_for_programs(path: str) -> bool:
    """Whether an address belongs to programs, which are told with problem details what is wrong."""
    return path.endswith(_DATA_ENDINGS) or path.startswith(_DATA_FOLDERS)


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    return answer_problem(problem) if is_for_programs(request.path_info) else render_problem(request, problem)


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django finds unreadable."""
    return _answer(request, BAD_REQUEST)


def answer_forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what is refused."""
    return _answer(request, FORBIDDEN)


def answer_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that nothing is at."""
    return _answer(request, NO_PAGE)


def answer_failure(request: HttpRequest) -> HttpResponse:
    """Answer when the program failed."""
    return _answer(request, FAILED)


def answer_too_many(request: HttpRequest) -> HttpResponse:
    """Answer who tries to log in too often."""
    return _answer(request, TOO_MANY)
