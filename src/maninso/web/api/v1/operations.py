"""What an operation is: an address, what it may be asked, what it answers, and how it can refuse.

An operation makes its own view, and its own part of the OpenAPI document, so the two cannot differ.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from maninso.web.shared.answers import PAGE_CACHING, data
from maninso.web.shared.problems import BAD_PARAMETER, NO_PETITION, Problem, Refused
from maninso.web.shared.requests import read_number

JSON = "application/json"


class Query(BaseModel):
    """The query parameters of an operation. Others are refused: a filter that was mistyped would pass for none."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One address that is read with GET. `make` gets the query and, by name, what the address holds.

    `view` stands for `make` where the address is older than this API and answers by itself.
    """

    name: str
    path: str  # below /api/v1/, as OpenAPI writes it
    summary: str
    answers: Any
    query: type[Query] = Query
    refusals: tuple[Problem, ...] = ()
    make: Callable[..., BaseModel] | None = None
    view: Callable[..., HttpResponseBase] | None = None
    caching: str = PAGE_CACHING
    missing: Problem = NO_PETITION  # what a number is said to be that cannot be anybody's
    places: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        places = tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))
        object.__setattr__(self, "places", places)

    @property
    def route(self) -> str:
        """The address as Django's table has it."""
        return "api/v1/" + self.path.replace("{id}", "<str:number>").replace("{charter}", "<str:charter_id>")

    def make_view(self) -> Callable[..., HttpResponseBase]:
        """Return the view that answers."""
        if self.view is not None:
            return self.view
        make = self.make
        if make is None:
            raise AssertionError(f"{self.name} has nothing to answer with")
        adapter, missing = TypeAdapter[Any](self.answers), self.missing

        @data
        def answer(request: HttpRequest, /, **places: str) -> HttpResponseBase:
            query = read_query(self.query, request)
            number = places.pop("number", None)
            answered = make(query, **places) if number is None else make(query, read_number(number, missing=missing))
            body = adapter.dump_json(adapter.validate_python(answered))
            return HttpResponse(body, content_type=JSON, headers={"Cache-Control": self.caching})

        return answer


def read_query(kind: type[Query], request: HttpRequest) -> Any:
    """Return the request's query as the operation's type; refuses what does not fit, parameter by parameter."""
    try:
        return kind.model_validate(request.GET.dict())
    except ValidationError as error:
        raise Refused(
            BAD_PARAMETER,
            errors=[(".".join(map(str, each["loc"])) or "query", each["msg"]) for each in error.errors()],
        ) from error
