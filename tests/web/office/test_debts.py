"""The clerk's desk through its pages: the debts, an answer by two people, moving the day, declining."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from maninso.charter import load_preset
from maninso.petitions.models import Assignment, Obligation, Reply, Response

pytestmark = pytest.mark.django_db

WORDS = {
    "author": "The rector",
    "summary": "The library opens on Sundays.",
    "body": "## From May\n\n- noon to **six**\n\n<script>alert(1)</script>",
    "language": "en",
}


@pytest.fixture
def owed(opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime) -> Callable[..., Obligation]:
    """Let a petition meet the university's threshold; return what is owed."""

    def make(**given: Any) -> Obligation:
        petition_id = opened(**given)
        sign(petition_id, 50)
        seal(now)
        return Obligation.objects.get(petition_id=petition_id)

    return make


def seen(client: Client, reply: int) -> str:
    found = re.search(r'name="seen" value="(\d+)"', client.get(f"/office/answers/{reply}").content.decode())
    assert found is not None
    return found[1]


def start(client: Client, debt: Obligation) -> int:
    answer = client.post(f"/office/debts/{debt.pk}", {"do": "answer"})
    assert answer.status_code == 303
    return int(answer["Location"].rpartition("/")[2])


def test_an_answer_goes_from_the_desk_to_the_petitions_page(enter: Any, owed: Any, client: Client) -> None:
    debt, kim, lee = owed(), enter("clerk", "kim"), enter("clerk", "lee")
    page = kim.get("/en/office/debts").content.decode()
    assert "Open the library on Sundays" in page
    assert f"/en/office/debts/{debt.pk}" in page
    reply = start(kim, debt)
    given = {**WORDS, "seen": "1", "meets": [str(debt.pk)]}
    assert kim.post(f"/office/answers/{reply}", {**given, "do": "propose"}).status_code == 303
    refused = kim.post(f"/office/answers/{reply}", {"do": "approve", "seen": "2"})
    assert (refused.status_code, "is your own" in refused.content.decode()) == (409, True)
    assert "1 answer waits for your eyes." in lee.get("/en/office/debts").content.decode()
    shown = lee.get(f"/en/office/answers/{reply}").content.decode()
    assert "<h2>From May</h2>" in shown
    assert "<script>alert" not in shown
    assert lee.post(f"/office/answers/{reply}", {"do": "approve", "seen": seen(lee, reply)}).status_code == 303
    public = client.get(f"/en/petitions/{debt.petition_id}").content.decode()
    for said in ("The rector answered", "The library opens on Sundays.", "<strong>six</strong>", "Answered"):
        assert said in public
    versions = client.get(f"/en/petitions/{debt.petition_id}/answers").content.decode()
    assert bytes(Response.objects.get().digest).hex() in versions
    given = {**WORDS, "summary": "And on holidays."}
    lee.post(f"/office/answers/{reply}", {"do": "revise"})
    lee.post(f"/office/answers/{reply}", {**given, "seen": "3", "meets": [str(debt.pk)], "do": "propose"})
    kim.post(f"/office/answers/{reply}", {"do": "approve", "seen": "4"})
    versions = client.get(f"/en/petitions/{debt.petition_id}/answers").content.decode()
    assert [word in versions for word in ("And on holidays.", "The library opens on Sundays.")] == [True, True]
    kim.post(f"/office/answers/{reply}", {"do": "retract", "reason": "The wrong library."})
    public = client.get(f"/en/petitions/{debt.petition_id}").content.decode()
    assert "The wrong library." in public
    assert Obligation.objects.get().state == "owed"
    assert "The wrong library." in client.get(f"/en/petitions/{debt.petition_id}/answers").content.decode()


def test_what_was_written_is_not_lost_where_somebody_was_faster(enter: Any, owed: Any) -> None:
    debt, kim = owed(), enter("clerk", "kim")
    reply = start(kim, debt)
    given = {**WORDS, "meets": [str(debt.pk)], "do": "save"}
    assert kim.post(f"/office/answers/{reply}", {**given, "seen": "1"}).status_code == 303
    answer = kim.post(f"/en/office/answers/{reply}", {**given, "summary": "Mine.", "seen": "1"})
    assert (answer.status_code, "Mine." in answer.content.decode()) == (409, True)
    assert "meanwhile" in answer.content.decode()
    assert Reply.objects.get().summary == WORDS["summary"]


@pytest.mark.parametrize(
    "changed",
    [
        {"publish_at": "soon"},
        {"publish_at": "2999-01-01T10:00"},
        {"meets": []},
        {"meets": ["x", "-1", "99999999999999999999"]},
        {"author": ""},
        {"body": "a\0b"},
        {"language": "xx!"},
        {"seen": "x"},
        {"seen": "-1"},
        {"summary": "x" * 1001},
    ],
)
def test_bad_input_is_refused_and_kept(changed: dict[str, Any], enter: Any, owed: Any) -> None:
    debt, kim = owed(), enter("clerk", "kim")
    reply = start(kim, debt)
    given = {**WORDS, "seen": "1", "meets": [str(debt.pk)], "do": "propose", **changed}
    answer = kim.post(f"/office/answers/{reply}", given)
    assert answer.status_code == 409
    assert "The library opens on Sundays." in answer.content.decode() or "summary" in changed
    assert Reply.objects.get().state == "writing"


def test_it_waits_for_its_time(enter: Any, owed: Any, now: dt.datetime) -> None:
    debt, kim, lee = owed(), enter("clerk", "kim"), enter("clerk", "lee")
    reply = start(kim, debt)
    day = (now + dt.timedelta(days=2)).date().isoformat()
    given = {**WORDS, "seen": "1", "meets": [str(debt.pk)], "do": "propose", "publish_at": f"{day}T09:30"}
    assert kim.post(f"/office/answers/{reply}", given).status_code == 303
    assert lee.post(f"/office/answers/{reply}", {"do": "approve", "seen": "2"}).status_code == 303
    page = kim.get(f"/en/office/answers/{reply}").content.decode()
    assert "09:30:00" in page
    assert kim.post(f"/office/answers/{reply}", {"do": "back", "note": "Not yet."}).status_code == 303
    page = kim.get(f"/en/office/answers/{reply}").content.decode()
    assert ("Not yet." in page, f'value="{day}T09:30"' in page) == (True, True)
    assert kim.post(f"/office/answers/{reply}", {"do": "drop"}).status_code == 303
    assert Reply.objects.get().state == "dropped"


def test_the_day_is_moved_and_a_debt_declined_as_the_rules_say(enter: Any, owed: Any, client: Client) -> None:
    charter = load_preset("blue-house-2019").source.decode()
    from maninso.charter import load_charter

    rules = load_charter(charter.replace("at_least = 200_000", "at_least = 3").encode(), name="made")
    debt, kim = owed(charter=rules), enter("clerk", "kim")
    page = kim.get(f"/en/office/debts/{debt.pk}").content.decode()
    assert "At most 1 month." in page
    for bad in ({"count": "2"}, {"count": "x"}, {"unit": "year"}, {"reason": ""}, {"count": "\0"}):
        given = {"do": "extend", "count": "1", "unit": "month", "reason": "Two ministries.", **bad}
        answer = kim.post(f"/office/debts/{debt.pk}", given)
        assert answer.status_code == 409, bad
    given = {"do": "extend", "count": "1", "unit": "month", "reason": "Two ministries."}
    assert kim.post(f"/office/debts/{debt.pk}", given).status_code == 303
    assert "Two ministries." in client.get(f"/en/petitions/{debt.petition_id}").content.decode()
    assert kim.post(f"/office/debts/{debt.pk}", {"do": "assign", "email": "kim@example.org"}).status_code == 303
    assert Assignment.objects.get().account.email == "kim@example.org"
    given = {"do": "decline", "ground": "too-busy", "note": "It is for the city."}
    answer = kim.post(f"/office/debts/{debt.pk}", given)
    assert (answer.status_code, "It is for the city." in answer.content.decode()) == (409, True)
    assert kim.post(f"/office/debts/{debt.pk}", {**given, "ground": "local-matter"}).status_code == 303
    public = client.get(f"/en/petitions/{debt.petition_id}").content.decode()
    assert ("a local matter" in public, "It is for the city." in public) == (True, True)
    board = client.get("/en/obligations?institution=blue-house-2019").content.decode()
    assert "Who keeps their word" in board


def test_another_institutions_clerk_sees_nothing_of_it_and_changes_nothing(enter: Any, owed: Any, now: Any) -> None:
    from maninso.petitions.accounts import add_member

    debt, kim = owed(), enter("clerk", "kim")
    reply = start(kim, debt)
    park = enter("clerk", "park")
    add_member(email="park@example.org", role="clerk", institution="senedd", now=now)
    assert "Open the library" not in park.get("/en/office/debts").content.decode()
    for path in (f"/office/debts/{debt.pk}", f"/office/answers/{reply}"):
        assert park.get(path).status_code == 200
        assert park.post(path, {"do": "drop"}).status_code == 403
    assert Reply.objects.get().state == "writing"


@pytest.mark.parametrize("role", ["moderator", "auditor"])
def test_others_of_the_office_read(role: str, enter: Any, owed: Any) -> None:
    debt = owed()
    client = enter(role)
    for path in ("/office/debts", f"/office/debts/{debt.pk}"):
        assert client.get(path).status_code == 200
    assert client.post(f"/office/debts/{debt.pk}", {"do": "answer"}).status_code == 403


@pytest.mark.parametrize("number", ["0", "999999", "x", "1e3", "99999999999999999999999"])
def test_what_is_nobodys_is_refused(number: str, enter: Any) -> None:
    client = enter("clerk")
    for path in ("debts", "answers"):
        assert client.get(f"/office/{path}/{number}").status_code in (400, 404)


def test_a_visitor_is_sent_to_log_in(owed: Any, client: Client) -> None:
    assert client.get("/office/debts").status_code == 302


def test_a_clerk_comes_to_what_is_owed_and_finds_the_queue_from_there(enter: Any, owed: Any) -> None:
    debt, kim = owed(), enter("clerk", "kim")
    answer = kim.get("/en/office")
    assert (answer.status_code, answer["Location"]) == (303, "/en/office/debts")
    page = kim.get(answer["Location"]).content.decode()
    assert (f"/en/office/debts/{debt.pk}" in page, 'href="/en/office?show=waiting"' in page) == (True, True)
    assert kim.get("/en/office?show=waiting").status_code == 200
    assert enter("moderator").get("/en/office").status_code == 200


def test_a_petition_is_answered_though_nothing_is_owed(enter: Any, opened: Callable[..., int], client: Client) -> None:
    kim, lee, petition_id = enter("clerk", "kim"), enter("clerk", "lee"), opened()
    for number in ("soon", "999999", ""):
        answer = kim.post("/en/office/debts", {"petition": number})
        page = answer.content.decode()
        assert (answer.status_code, "petitions by number that are open or closed here" in page) == (409, True)
    started = kim.post("/office/debts", {"petition": str(petition_id)})
    assert started.status_code == 303
    reply = int(started["Location"].rpartition("/")[2])
    assert f'name="petitions" value="{petition_id}"' in kim.get(f"/en/office/answers/{reply}").content.decode()
    given = {**WORDS, "petitions": "x", "seen": "1", "do": "propose"}
    assert kim.post(f"/office/answers/{reply}", given).status_code == 409
    assert kim.post(f"/office/answers/{reply}", {**given, "petitions": f" {petition_id}, "}).status_code == 303
    lee.post(f"/office/answers/{reply}", {"do": "approve", "seen": seen(lee, reply)})
    page = client.get(f"/en/petitions/{petition_id}").content.decode()
    assert "Answered though nothing was owed" in page
    assert "The library opens on Sundays." in page
    assert "The library opens on Sundays." in client.get(f"/feeds/petitions/{petition_id}.atom").content.decode()
    assert enter("auditor").post("/office/debts", {"petition": str(petition_id)}).status_code == 403
