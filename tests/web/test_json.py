"""JSON in the shape of petition.parliament.uk, and what ours has besides."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.web.samples import NOW, imported_petition, make_obligation, make_petition, make_response

from maninso.petitions.access import CountView
from maninso.petitions.discovery import catch_up
from maninso.petitions.lifecycle import Actor, Reason, remove_petition
from maninso.petitions.obligations import answer as answer_debt
from maninso.petitions.obligations import board
from maninso.web.api.attributes import describe_count, describe_petition

pytestmark = pytest.mark.django_db

UK_ATTRIBUTES = [
    *("action", "background", "additional_details", "committee_note", "state", "signature_count", "closing_date"),
    *("created_at", "updated_at", "rejected_at", "opened_at", "closed_at", "moderation_threshold_reached_at"),
    *("response_threshold_reached_at", "government_response_at", "debate_threshold_reached_at", "debate_scheduled_on"),
    *("scheduled_debate_date", "debate_outcome_at", "creator_name", "rejection", "government_response", "debate"),
    *("departments", "topics"),
]
UK_PLACES = ["signatures_by_country", "signatures_by_constituency", "signatures_by_region"]
HOST = "https://petitions.example.org"


def attributes_of(answer: Any) -> Any:
    return answer.json()["data"]["attributes"]


def test_one_petition(client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime) -> None:
    petition = opened()
    sign(petition, 60)
    seal(now)
    answer = client.get(f"/petitions/{petition}.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET"
    assert "Content-Language" not in answer.headers
    body = answer.json()
    assert body["links"] == {"self": f"{HOST}/petitions/{petition}.json"}
    assert (body["data"]["type"], body["data"]["id"]) == ("petition", petition)
    attributes = body["data"]["attributes"]
    assert list(attributes)[: len(UK_ATTRIBUTES)] == UK_ATTRIBUTES
    assert {*UK_PLACES, "other_parliamentary_business"} <= attributes.keys()
    assert attributes["action"] == "Open the library on Sundays"
    assert attributes["signature_count"] == 60
    assert attributes["topics"] == ["Libraries"]
    assert attributes["creator_name"] == "Han Sol"
    assert attributes["opened_at"].endswith("Z")
    assert len(attributes["opened_at"]) == len("2016-06-25T10:00:00.000Z")
    assert attributes["response_threshold_reached_at"] is not None
    assert (attributes["source"], attributes["source_id"], attributes["count_is_reported"]) == (None, None, False)
    ledger = attributes["ledger"]
    assert (ledger["origin"], ledger["size"]) == (f"petitions.example.org/p/{petition}/log", 62)
    assert ledger["checkpoint"] == f"{HOST}/p/{petition}/log/checkpoint"
    assert len(ledger["root"]) == 64
    (threshold,) = attributes["thresholds"]
    assert (threshold["needed"], threshold["met"], threshold["met_leaf"]) == (50, True, 50)
    (obligation,) = attributes["obligations"]
    assert (obligation["state"], obligation["due_on"]) == ("owed", None)
    assert (obligation["met_leaf"], obligation["met_count"]) == (50, 50)
    assert attributes["url"] == f"{HOST}/petitions/{petition}"


def test_imported_petition_says_where_it_comes_from() -> None:
    attributes = describe_petition(imported_petition())
    assert (attributes["source"], attributes["source_id"]) == ("blue-house", "10483")
    assert (attributes["signature_count"], attributes["count_is_reported"]) == (271_806, True)
    assert attributes["ledger"] is None
    assert attributes["would_owe"][0]["due_on"] == "2026-12-30"
    assert "closing_date" not in attributes


def test_answer_and_rejection() -> None:
    kept = make_obligation(state="kept", settled_at=NOW, response=make_response())
    attributes = describe_petition(make_petition(obligations=(kept,)))
    assert attributes["government_response"]["responded_on"] == "2026-11-20"
    assert attributes["government_response_at"] == "2026-11-20T06:00:00.000Z"
    assert attributes["rejection"] is None
    rejected = make_petition(
        state="rejected", reason_code="duplicate", reason={"ko": "중복"}, signatures_by_region={"KR-11": 3}
    )
    attributes = describe_petition(rejected)
    assert attributes["rejection"] == {"code": "duplicate", "details": None, "reason": {"ko": "중복"}}
    assert attributes["signatures_by_region"] == []


def test_regions_are_named_where_the_ledger_counts_by_them() -> None:
    attributes = describe_petition(make_petition(signatures_by_region={"KR-26": 1, "KR-11": 3}))
    assert attributes["signatures_by_region"] == [
        {"name": "KR-11", "ons_code": "KR-11", "code": "KR-11", "signature_count": 3},
        {"name": "KR-26", "ons_code": "KR-26", "code": "KR-26", "signature_count": 1},
    ]


def test_list_with_links(client: Client, opened: Callable[..., int]) -> None:
    numbers = [opened(title=f"Number {number}") for number in range(3)]
    body = client.get("/petitions.json?count=2").json()
    onward = body["links"].pop("next")
    assert body["links"] == {
        "self": f"{HOST}/petitions.json?count=2",
        "first": f"{HOST}/petitions.json?count=2",
        "last": f"{HOST}/petitions.json?count=2&page=2",
        "prev": None,
    }
    last = client.get(onward.removeprefix(HOST)).json()
    assert last["links"]["self"] == onward
    assert (last["links"]["next"], last["links"]["prev"]) == (None, f"{HOST}/petitions.json?count=2")
    assert client.get("/petitions.json?count=2&page=2").json()["data"] == last["data"]
    listed = [entry["id"] for page in (body, last) for entry in page["data"]]
    assert sorted(listed) == sorted(numbers)
    assert body["data"][0]["links"] == {"self": f"{HOST}/petitions/{body['data'][0]['id']}.json"}
    past = client.get("/petitions.json?count=2&page=7").json()
    assert (past["data"], past["links"]["next"], past["links"]["prev"]) == (
        [],
        None,
        f"{HOST}/petitions.json?count=2&page=2",
    )


@pytest.mark.parametrize(
    "query", ["state=nonsense", "page=0", "page=x", "count=0", "count=60&page=%00", "topic=none", "sort=%ff", "q=%00"]
)
def test_unknown_filters_fall_back(client: Client, opened: Callable[..., int], query: str) -> None:
    petition = opened()
    answer = client.get(f"/petitions.json?{query}")
    assert (answer.status_code, [entry["id"] for entry in answer.json()["data"]]) == (200, [petition])


def test_search(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    opened()
    bus = opened(title="More night buses")
    catch_up(now=now)
    (found,) = client.get("/petitions.json?q=night").json()["data"]
    assert found["id"] == bus
    assert found["attributes"]["highlights"]["action"] == [["More ", False], ["night", True], [" buses", False]]
    assert client.get("/petitions.json?state=closed").json()["data"] == []


def test_count_is_short_and_cached_briefly(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: Any
) -> None:
    petition = opened()
    sign(petition, 7)
    seal(now)
    answer = client.get(f"/petitions/{petition}/count.json")
    assert answer.json()["signature_count"] == 7
    assert answer.headers["Cache-Control"] == (
        "public, max-age=5, s-maxage=1, stale-while-revalidate=30, stale-if-error=86400"
    )
    assert "debated" not in answer.json()
    longest = CountView(count=8_000_000_000, reached_at=NOW, answered_at=NOW)
    assert len(json.dumps(describe_count(longest), separators=(",", ":"))) <= 200


def test_count_is_one_query_and_says_what_the_whole_answer_says(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: Any, django_assert_num_queries: Any
) -> None:
    petition = opened()
    sign(petition, 60)
    seal(now)
    row = board(now=now).rows[0].obligation_id
    given = {"author": "The library", "summary": "Yes.", "body": "From March.", "language": "en"}
    answer_debt(row, **given, now=now, actor=Actor(role="clerk"))
    with django_assert_num_queries(1):
        short = client.get(f"/petitions/{petition}/count.json").json()
    whole = attributes_of(client.get(f"/petitions/{petition}.json"))
    assert short == {name: whole[name] for name in short}
    assert None not in short.values()


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/petitions/x.json", 400, "bad-number"),
        ("/petitions/1x/count.json", 400, "bad-number"),
        ("/petitions/١.json", 400, "bad-number"),
        ("/petitions/0.json", 404, "no-such-petition"),
        ("/petitions/007.json", 404, "no-such-petition"),
        ("/petitions/999999.json", 404, "no-such-petition"),
        (f"/petitions/{2**63}.json", 404, "no-such-petition"),
        (f"/petitions/{'9' * 400}.json", 404, "no-such-petition"),
        ("/petitions.xml", 406, "no-such-format"),
        ("/petitions.", 406, "no-such-format"),
        ("/petitions/1.xml", 406, "no-such-format"),
        ("/petitions/nowhere/else.json", 404, "no-such-page"),
    ],
)
def test_refusals_are_problem_details(client: Client, path: str, status: int, slug: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["type"], body["status"]) == (f"/problems/{slug}", status)
    assert body["title"]
    assert body["detail"]
    assert client.get(f"/en{body['type']}").status_code == 200


def test_removed_petition_is_gone(client: Client, opened: Callable[..., int], now: Any) -> None:
    petition = opened()
    remove_petition(petition, reason=Reason(code="personal-data"), now=now)
    answer = client.get(f"/petitions/{petition}.json")
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/petition-removed")
    assert client.get(f"/petitions/{petition}").status_code == 410


def test_methods(client: Client) -> None:
    answer = client.post("/petitions.json")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.json()["type"] == "/problems/read-only"
    preflight = client.options("/petitions.json")
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert client.head("/petitions.json").content == b""
