"""Lists, debates, trending and topics in the shape of petition.parliament.uk's (B73, B74)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.web.samples import NOW, make_obligation, make_petition, make_response, make_threshold
from tests.web.test_json import HOST, UK_ATTRIBUTES, attributes_of

from maninso.charter import load_charter, load_preset
from maninso.petitions.discovery import forget_choices
from maninso.petitions.lifecycle import Actor
from maninso.petitions.obligations import answer, board
from maninso.web.api.attributes import describe_original

pytestmark = pytest.mark.django_db

CLERK = Actor(role="clerk")


def ids_of(response: Any) -> list[int]:
    return [each["id"] for each in response.json()["data"]]


def test_lists_have_the_original_s_attributes_in_its_order(client: Client, opened: Callable[..., int]) -> None:
    opened()
    (listed,) = client.get("/petitions.json").json()["data"]
    assert list(listed["attributes"])[: len(UK_ATTRIBUTES)] == UK_ATTRIBUTES
    assert listed["attributes"]["moderation_threshold_reached_at"].endswith("Z")


def test_a_list_is_made_of_as_many_queries_whatever_its_length(
    client: Client, opened: Callable[..., int], django_assert_num_queries: Any
) -> None:
    opened()
    client.get("/petitions.json")
    with django_assert_num_queries(10):
        assert len(ids_of(client.get("/petitions.json"))) == 1
    opened()
    opened()
    with django_assert_num_queries(10):
        assert len(ids_of(client.get("/petitions.json"))) == 3


def test_states_set_the_order(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    days = dt.timedelta(days=1)
    old, young, quiet = opened(age=3 * days), opened(age=days), opened(age=2 * days)
    for petition, moment in ((young, now - dt.timedelta(hours=2)), (old, now)):
        sign(petition, 60 if petition == young else 70)
        seal(moment)
    assert ids_of(client.get("/petitions.json?state=recent")) == [young, quiet, old]
    assert ids_of(client.get("/petitions.json?state=open")) == [old, young, quiet]
    waiting = client.get("/petitions.json?state=awaiting_response")
    assert ids_of(waiting) == [young, old]
    assert waiting.json()["links"]["self"] == f"{HOST}/petitions.json?state=awaiting_response"
    for row in sorted(board(now=now).rows, key=lambda row: row.petition_id):
        moment = now + dt.timedelta(minutes=row.petition_id)
        answer(row.obligation_id, author="The library", summary="Yes.", body="", language="en", now=moment, actor=CLERK)
    assert ids_of(client.get("/petitions.json?state=with_response")) == [young, old]
    onward = client.get("/petitions.json?state=with_response&count=1").json()["links"]["next"]
    assert ids_of(client.get(onward.removeprefix(HOST))) == [old]


def test_debates_are_what_is_owed_at_the_threshold_of_that_name(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    rules = load_preset("university").source.replace(b'id = "answer"', b'id = "debate"')
    petition, other = opened(charter=load_charter(rules, name="debating")), opened()
    sign(petition, 60)
    seal(now)
    assert ids_of(client.get("/petitions.json?state=awaiting_debate")) == [petition]
    count = client.get(f"/petitions/{petition}/count.json").json()
    whole = attributes_of(client.get(f"/petitions/{petition}.json"))
    assert count == {**{name: whole[name] for name in list(count)[:-1]}, "debated": False}
    assert count["debate_threshold_reached_at"] is not None
    assert "debated" not in client.get(f"/petitions/{other}/count.json").json()
    answer(
        board(now=now).rows[0].obligation_id,
        author="Senedd",
        summary="Debated.",
        body="",
        language="en",
        now=now,
        actor=CLERK,
    )
    assert ids_of(client.get("/petitions.json?state=debated")) == [petition]
    assert ids_of(client.get("/petitions.json?state=awaiting_debate")) == []
    assert ids_of(client.get("/petitions.json?state=not_debated")) == []
    count = client.get(f"/petitions/{petition}/count.json").json()
    assert (count["debated"], count["government_response_at"]) == (True, None)
    whole = attributes_of(client.get(f"/petitions/{petition}.json"))
    assert whole["debate"]["overview"] == "Debated."
    assert whole["debate_outcome_at"] == count["debate_outcome_at"] is not None


def test_a_debate_is_no_answer() -> None:
    response = make_response()
    debate = make_obligation(threshold_id="debate", state="kept", settled_at=NOW, response=response)
    met = make_threshold(threshold_id="debate", met=True, met_at=NOW)
    attributes = describe_original(make_petition(obligations=(debate,), thresholds=(met,)), background="")
    assert attributes["government_response"] is None
    assert attributes["response_threshold_reached_at"] is None
    assert attributes["debate_threshold_reached_at"] == "2026-11-21T03:00:00.000Z"
    assert attributes["debate"]["debated_on"] == "2026-11-20"


def test_trending_counts_the_last_hour(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    busy, calm, _ = opened(age=dt.timedelta(minutes=30)), opened(age=dt.timedelta(minutes=20)), opened()
    sign(busy, 5)
    sign(calm, 2)
    seal(now)
    reply = client.get("/trending.json")
    body = reply.json()
    assert [(each["id"], each["attributes"]["signature_count"]) for each in body["data"]] == [(busy, 5), (calm, 2)]
    assert body["data"][0]["links"] == {"self": f"{HOST}/petitions/{busy}.json"}
    assert body["links"] == {"self": f"{HOST}/trending.json"}
    assert body["meta"]["updated_at"].endswith(":00.000Z")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_topics_are_named_by_their_code(client: Client, opened: Callable[..., int]) -> None:
    opened()
    library, bus = opened(topic="도서관"), opened(topic="Buses")
    forget_choices()
    assert client.get("/topics.json").json() == {
        name: {"code": name, "name": name} for name in ("Buses", "Libraries", "도서관")
    }
    assert ids_of(client.get("/petitions.json?topic=도서관")) == [library]
    assert ids_of(client.get("/petitions.json?topic[]=Buses")) == [bus]
