"""The site's own API: its answers, its document, and ten thousand questions that nobody would ask."""

import datetime as dt
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from django.test import Client
from django.test.client import ClientHandler
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from tests.web.outcomes import correct_answer, keep_law, publish_answer

from maninso.charter import load_preset
from maninso.petitions.discovery import catch_up, forget_choices
from maninso.petitions.lifecycle import Actor, Reason, remove_petition
from maninso.petitions.obligations import answer, board
from maninso.web.api.v1.openapi import make_document
from maninso.web.api.v1.operations import Operation
from maninso.web.api.v1.table import OPERATIONS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
HOST = "https://petitions.example.org"
EXAMPLES = int(os.environ.get("MANINSO_API_EXAMPLES", "15"))  # an operation; 1000 before a release
HANDLER = ClientHandler(enforce_csrf_checks=False)

pytestmark = pytest.mark.django_db


def read(client: Client, path: str, status: int = 200) -> Any:
    reply = client.get(f"/api/v1/{path}")
    assert reply.status_code == status, reply.content
    return reply.json()


def test_a_petition(client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime) -> None:
    petition = opened()
    sign(petition, 60)
    seal(now)
    body = read(client, f"petitions/{petition}")
    assert (body["id"], body["title"], body["signature_count"]) == (petition, "Open the library on Sundays", 60)
    assert body["url"] == f"{HOST}/petitions/{petition}"
    assert (body["charter"], body["charter_sha256"]) == ("university", load_preset("university").digest.hex())
    assert (body["reason"], body["source"], body["family"]) == (None, None, None)
    assert body["ledger"]["size"] == 62
    assert body["thresholds"][0]["met"] is True
    assert body["obligations"][0]["state"] == "owed"


def test_a_list_goes_on_where_it_ended(client: Client, opened: Callable[..., int]) -> None:
    numbers = [opened(title=f"Number {number}") for number in range(5)]
    forget_choices()
    seen: list[int] = []
    path = "petitions?limit=2&sort=newest&topic=Libraries"
    while path:
        body = read(client, path)
        assert body["links"]["self"].startswith(f"{HOST}/api/v1/petitions?")
        seen += [each["id"] for each in body["data"]]
        path = (body["links"]["next"] or "").removeprefix(f"{HOST}/api/v1/")
    assert sorted(seen) == numbers
    assert len(seen) == 5


def test_a_search(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    opened()
    bus = opened(title="More night buses")
    catch_up(now=now)
    (found,) = read(client, "petitions?q=night")["data"]
    assert (found["id"], found["self"]) == (bus, f"{HOST}/api/v1/petitions/{bus}")


def test_series_and_breakdowns_add_up_to_the_count(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    petition = opened(age=dt.timedelta(days=3))
    sign(petition, 7)
    seal(now)
    hours = read(client, f"petitions/{petition}/series")
    assert [(each["signatures"], each["voids"], each["count"]) for each in hours["data"]] == [(7, 0, 7)]
    assert hours["data"][0]["at"].endswith("Z")
    days = read(client, f"petitions/{petition}/series?step=day")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", days["data"][0]["at"])
    parts = read(client, f"petitions/{petition}/breakdowns")
    assert parts["by_assurance"] == [{"assurance": 1, "signature_count": 7}]
    assert parts["by_day"] == [{"day": days["data"][0]["at"], "signature_count": 7}]
    assert (parts["by_region"], parts["signature_count"]) == ([], 7)


def test_obligations_page_by_page(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    petitions = [opened(), opened(), opened()]
    for petition in petitions:
        sign(petition, 60)
    seal(now)
    first = read(client, "obligations?limit=2")
    second = read(client, first["links"]["next"].removeprefix(f"{HOST}/api/v1/"))
    listed = [each["petition"] for each in first["data"] + second["data"]]
    assert (sorted(listed), second["links"]["next"]) == (petitions, None)
    row = board(now=now).rows[0]
    given = {"author": "The library", "summary": "Yes.", "body": "From March.", "language": "en"}
    answer(row.obligation_id, **given, now=now, actor=Actor(role="clerk"))
    (kept,) = read(client, "obligations?status=kept")["data"]
    assert (kept["petition"], kept["response"]["summary"]) == (row.petition_id, "Yes.")
    assert read(client, f"obligations?petition={row.petition_id}")["data"] == [kept]
    assert read(client, "obligations?status=overdue")["data"] == []


def test_charters(client: Client, opened: Callable[..., int]) -> None:
    opened()
    forget_choices()
    listed = read(client, "charters")["data"]
    assert "university" in [each["id"] for each in listed]
    assert [each["is_site_s_own"] for each in listed].count(True) == 1
    rules = read(client, "charters/university")
    assert rules["source"].encode() == load_preset("university").source
    assert rules["rules"]["thresholds"][0]["id"] == "answer"
    assert read(client, f"charters/university?version={rules['sha256'][:8]}") == rules
    assert read(client, "charters/nowhere", 404)["type"] == "/problems/no-such-charter"


def test_moderation_and_ledger(client: Client, opened: Callable[..., int], seal: Any, now: dt.datetime) -> None:
    opened()
    seal(now)
    assert read(client, "moderation")["opened"] == 1
    assert read(client, "ledger")["checkpoint"] == f"{HOST}/log/checkpoint"


def test_what_a_parameter_cannot_be_is_named(client: Client) -> None:
    body = read(client, "petitions?state=nonsense&limit=0&topic=none", 400)
    assert body["type"] == "/problems/bad-parameter"
    assert [each["parameter"] for each in body["errors"]] == ["state", "limit"]
    assert read(client, "petitions?topic=none", 400)["errors"] == [
        {"parameter": "topic", "detail": "no petition here has it"}
    ]


def test_refusals(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    petition = opened()
    remove_petition(petition, reason=Reason(code="personal-data"), now=now)
    for path in ("", "/series", "/breakdowns", "/updates", "/answers"):
        assert read(client, f"petitions/{petition}{path}", 410)["type"] == "/problems/petition-removed"
        assert read(client, f"petitions/99999999{path}", 404)["type"] == "/problems/no-such-petition"
        assert read(client, f"petitions/x{path}", 400)["type"] == "/problems/bad-number"
    assert read(client, "petitions?sate=open", 400)["errors"][0]["parameter"] == "sate"
    assert client.post("/api/v1/petitions").status_code == 405


def test_an_answer_that_is_known_is_not_sent_again(client: Client, opened: Callable[..., int]) -> None:
    petition = opened()
    first = client.get(f"/api/v1/petitions/{petition}")
    again = client.get(f"/api/v1/petitions/{petition}", headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in first.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_keeps_to_the_same_rules(
    operation: Operation, client: Client, opened: Callable[..., int], now: dt.datetime
) -> None:
    petition = opened()
    numbers = {"id": keep_law(petition, now=now) if operation.name == "api_bill" else petition}
    path = f"/api/v1/{operation.path.format(**numbers, charter='university')}"
    first = client.get(path)
    assert (first.status_code, first.headers["Content-Type"]) == (200, "application/json")
    assert (first.headers["Access-Control-Allow-Origin"], "s-maxage" in first.headers["Cache-Control"]) == (
        "*",
        operation.view is None,
    )
    again = client.get(path, headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code == 304) or operation.name == "api_moderation"  # it says the second that it is of
    assert client.head(path).status_code == 200
    refused = client.post(path)
    assert (refused.status_code, refused.headers["Content-Type"]) == (405, "application/problem+json")
    described = make_document()["paths"][f"/api/v1/{operation.path}"]["get"]
    if operation.view is None:
        unknown = client.get(f"{path}?sate=open")
        assert (unknown.status_code, unknown.json()["type"]) == (400, "/problems/bad-parameter")
        assert "400" in described["responses"]
    if "links" in first.json():  # a list: it goes on by key, never by the number of a page
        assert {"limit", "after"} <= {each["name"] for each in described["parameters"]}
        assert client.get(f"{path}?limit=101").status_code == 400


def test_the_document_is_openapi_3_1(client: Client) -> None:
    document = read(client, "openapi.json")
    assert client.get("/api/openapi.json").json() == document
    assert (document["openapi"], document["servers"]) == ("3.1.0", [{"url": HOST}])
    assert list(document["paths"]) == [f"/api/v1/{operation.path}" for operation in OPERATIONS]
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.Draft202012Validator(schema | {"components": document["components"]})
    references = set(re.findall(r'"#/components/schemas/(\w+)"', str(document).replace("'", '"')))
    assert references <= set(document["components"]["schemas"])


def serve(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer as the site does, on the test's own connection, which Django's own handler would close."""
    environ.pop("HTTP_ACCEPT_ENCODING", None)  # werkzeug's client does not unpack
    response = HANDLER(environ)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_nobody_gets_an_answer_that_is_not_documented(
    operation: Operation, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    petition = opened()
    sign(petition, 60)
    seal(now)
    correct_answer(publish_answer(petition, now=now), now=now)
    bill = keep_law(petition, now=now)
    forget_choices()
    document = make_document() | {"servers": [{"url": "/"}]}
    schema = schemathesis.openapi.from_dict(document)
    schema.app = serve
    asked = schema[f"/api/v1/{operation.path}"]["GET"]
    # What is well-formed may still be refused (a topic that no petition has); what is not has to be, but where an
    # older address takes everything.
    left_out = [positive_data_acceptance, *([negative_data_rejection] if operation.view else [])]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 1000,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(asked.as_strategy(generation_mode=mode) for mode in GenerationMode),
        is_ours=st.booleans(),
    )
    def ask(case: Any, is_ours: bool) -> None:
        if is_ours and "id" in operation.places and case.meta.generation.mode == GenerationMode.POSITIVE:
            case.path_parameters["id"] = bill if operation.name == "api_bill" else petition
        case.call_and_validate(excluded_checks=left_out)

    ask()


def list_examples() -> list[tuple[str, str]]:
    """Give the questions and answers that the reference shows."""
    return re.findall(r"```json\nGET (\S+)\n\n(.*?)```", REFERENCE.read_text(), re.DOTALL)


def level(text: str) -> Any:
    """Give an answer without what differs from site to site: moments, days, digests, and numbers that are given."""
    text = re.sub(r'"\d{4}-\d\d-\d\d(T[^"]*)?"', r'"day\1"', re.sub(r"T\d\d:\d\d:\d\d\.\d{3}Z", "T", text))
    text = re.sub(r"[0-9a-f]{64}", "0", re.sub(r"/(petitions|bills)/\d+", r"/\1/1", text))
    text = re.sub(r'"obligations": ?\[\s*\d+\s*\]', '"obligations": [1]', text)
    return json.loads(re.sub(r'"(id|petition|obligation|answer)": ?\d+', r'"\1": 1', text))


@pytest.mark.parametrize(("path", "shown"), list_examples(), ids=[path for path, _ in list_examples()])
def test_the_reference_s_examples(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime, path: str, shown: str
) -> None:
    petition = opened()
    sign(petition, 60)
    if "ledger" not in path:
        seal(now)
    if "answers" in path:
        publish_answer(petition, now=now)
    bill = keep_law(petition, now=now) if "bills" in path else 0
    forget_choices()
    reply = client.get(path.replace("/1", f"/{bill or petition}"))
    assert level(reply.content.decode()) == level(shown)


def test_the_reference_names_every_operation() -> None:
    text = REFERENCE.read_text()
    assert [each.path for each in OPERATIONS if f"/api/v1/{each.path.replace('{charter}', '{id}')}" not in text] == []
    assert len(list_examples()) >= 6
