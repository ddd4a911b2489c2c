"""The OpenAPI 3.1 document of the API, made of its operations."""

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from pydantic import TypeAdapter

import maninso
from maninso.web.api.v1.answers import Problem as ProblemAnswer
from maninso.web.api.v1.operations import JSON, Operation
from maninso.web.api.v1.table import OPERATIONS
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.answers import data
from maninso.web.shared.problems import BAD_PARAMETER, JSON_TYPE, NO_DATABASE, Problem
from maninso.web.shared.requests import LARGEST_NUMBER

REFERENCE = "#/components/schemas/{model}"
RATE_HEADERS = {
    "RateLimit": "What is left of the limit, and when it begins anew (draft-ietf-httpapi-ratelimit-headers)",
    "RateLimit-Policy": "The limit: requests (q) in a window of seconds (w)",
}
PLACES: dict[str, dict[str, Any]] = {
    "id": {"schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_NUMBER}, "description": "Its number"},
    "charter": {"schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}, "description": "Its id"},
}
CACHED = "public, max-age=300, stale-if-error=86400"


@data
def send_document(request: HttpRequest) -> HttpResponseBase:
    """GET /api/v1/openapi.json: what can be asked, and what is answered."""
    document = make_document()
    licence = settings.MANINSO.licence
    named = {"license": {"name": licence.name, "url": licence.address}} if licence else {}
    own = {"servers": [{"url": site_origin()}], "info": document["info"] | named}
    body = json.dumps(document | own, ensure_ascii=False)
    return HttpResponse(body, content_type=JSON, headers={"Cache-Control": CACHED})


@cache
def make_document() -> dict[str, Any]:
    """Return the document without the server that it is for."""
    adapters = {each.name: TypeAdapter[Any](each.answers) for each in OPERATIONS} | {"": TypeAdapter(ProblemAnswer)}
    named, schemas = TypeAdapter.json_schemas(
        [(name, "serialization", adapter) for name, adapter in adapters.items()], ref_template=REFERENCE
    )
    bodies = {key[0]: schema for key, schema in named.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Maninso",
            "version": maninso.__version__,
            "description": "Petitions, what they are owed and how they were counted. Read-only, public, without a key.",
        },
        "paths": {
            f"/api/v1/{operation.path}": {"get": _describe(operation, bodies[operation.name])}
            for operation in OPERATIONS
        },
        "components": {"schemas": schemas["$defs"]},
    }


def _describe(operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
    refusals: dict[int, list[Problem]] = {}
    unknown = () if operation.view else (BAD_PARAMETER,)  # a parameter that there is not
    for problem in dict.fromkeys((*operation.refusals, *unknown, NO_DATABASE)):
        refusals.setdefault(problem.status, []).append(problem)
    headers = {"ETag": "What the answer is known by", **RATE_HEADERS}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [{"name": name, "in": "path", "required": True, **PLACES[name]} for name in operation.places]
        + _describe_query(operation),
        "responses": {
            "200": {
                "description": "Found",
                "headers": {name: _header(about) for name, about in headers.items()},
                "content": {JSON: {"schema": body}},
            },
            "304": {"description": "As it was when the entity tag in If-None-Match was given"},
            **{
                str(status): _refusal(", or ".join(each.slug.replace("-", " ") for each in problems))
                for status, problems in sorted(refusals.items())
            },
            "429": _refusal("too many from one network in this minute", "Retry-After", *RATE_HEADERS),
        },
    }


def _describe_query(operation: Operation) -> list[dict[str, Any]]:
    schema = operation.query.model_json_schema(ref_template=REFERENCE)
    parameters = []
    for name, each in schema.get("properties", {}).items():
        kinds = [kind for kind in each.pop("anyOf", []) if kind.get("type") != "null"]
        said = {key: value for key, value in each.items() if key not in ("title", "description")}
        said = {key: value for key, value in said.items() if value is not None}
        about = {"description": each["description"]} if "description" in each else {}
        parameters.append({"name": name, "in": "query", "schema": (kinds[0] if kinds else {}) | said, **about})
    return parameters


def _header(about: str) -> dict[str, Any]:
    return {"description": about, "schema": {"type": "string"}}


def _refusal(about: str, *headers: str) -> dict[str, Any]:
    refusal: dict[str, Any] = {
        "description": about,
        "content": {JSON_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}},
    }
    if headers:
        refusal["headers"] = {name: _header(RATE_HEADERS.get(name, "Seconds")) for name in headers}
    return refusal
