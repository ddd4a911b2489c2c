"""The moderator's desk through its pages: the queue, one petition, decisions, and what takes two people."""

import itertools
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.web.test_pages import check_markup

from maninso.charter import load_preset
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.petitions import raising
from maninso.petitions.lifecycle import pass_to_moderation
from maninso.petitions.models import AuditRecord, BlockedCreator, Case, Letter, Mask, Petition

pytestmark = pytest.mark.django_db

TITLE = "Open the river path to bicycles"
BODY = "Call me at 010-1234-5678.\n\nThe path is wide enough."


@pytest.fixture
def waiting(db: None, now: Any) -> Callable[..., int]:
    """Raise a petition that waits for a decision, its creator confirmed; return its number."""

    def make(*, title: str = TITLE, body: str = BODY, person: str = "Ada", charter: str = "university") -> int:
        raised = raising.raise_petition(
            charter=load_preset(charter),
            draft=raising.Draft(title=title, body=body, language="en"),
            ticket=make_rehearsal_ticket("x" * 32, person=person, region="", now=0, assurance=3, age=40),
            nonce=raising.make_nonce(),
            page="https://petitions.example.org/{id}/{token}",
            salt=os.urandom(16),
            now=now,
        )
        raising.confirm_creator(raised.petition_id, raised.links.creator, now=now)
        if Petition.objects.get(pk=raised.petition_id).state == "gathering":
            pass_to_moderation(raised.petition_id, now=now)
        return raised.petition_id

    return make


def shown(page: bytes) -> str:
    found = re.search(r'name="shown" value="([^"]+)"', page.decode())
    assert found is not None
    return found[1]


def state_of(petition_id: int) -> str:
    return Petition.objects.get(pk=petition_id).state


def test_the_queue_shows_what_waits_and_what_to_look_at(enter: Any, waiting: Callable[..., int]) -> None:
    number = waiting()
    page = enter("moderator").get("/en/office").content.decode()
    assert f"/en/office/petitions/{number}" in page
    assert TITLE in page
    assert "telephone number" in page


@pytest.mark.parametrize("do", ["claim", "flag", "dormant", "restore"])
def test_bulk_actions_do_one_thing_to_each_chosen(enter: Any, waiting: Callable[..., int], do: str) -> None:
    client, numbers = enter("moderator"), [waiting(person=f"p{n}") for n in range(3)]
    page = client.get("/office")
    given = {"shown": shown(page.content), "id": [str(number) for number in numbers[:2]], "do": do}
    assert client.post("/office", given).status_code == 303
    cases = {case.pk: (case.holder_id is not None, case.hold) for case in Case.objects.all()}
    wanted = {"claim": (True, ""), "flag": (False, "flagged"), "dormant": (False, "dormant"), "restore": (False, "")}
    assert cases == dict.fromkeys(numbers[:2], wanted[do])


def test_bulk_refusals_need_a_reason_and_say_which_failed(enter: Any, waiting: Callable[..., int]) -> None:
    client, numbers = enter("moderator"), [waiting(person=f"p{n}") for n in range(2)]
    page = client.get("/office")
    given = {"shown": shown(page.content), "id": [str(number) for number in numbers], "do": "reject"}
    answer = client.post("/office", {**given, "code": ""})
    assert (answer.status_code, answer.content.decode().count("Give a reason")) == (409, 2)
    assert client.post("/office", {**given, "code": "unclear"}).status_code == 303
    assert {state_of(number) for number in numbers} == {"rejected"}


def test_b60_a_number_that_the_page_did_not_show_is_refused(enter: Any, waiting: Callable[..., int]) -> None:
    client, first = enter("moderator"), waiting()
    token = shown(client.get("/office").content)
    second = waiting(person="Bo")
    for number in (str(second), "999999", "x", "", "\0", "１"):
        answer = client.post("/office", {"shown": token, "id": [str(first), number], "do": "flag"})
        assert answer.status_code == 400, number
    for bad in ("", "x", token[:-1], shown(enter("moderator", "lee").get("/office").content)):
        assert client.post("/office", {"shown": bad, "id": [str(first)], "do": "flag"}).status_code == 400
    assert Case.objects.count() == 0


def test_nothing_chosen_is_said(enter: Any, waiting: Callable[..., int]) -> None:
    waiting()
    client = enter("moderator")
    answer = client.post("/office", {"shown": shown(client.get("/office").content), "do": "flag"})
    assert (answer.status_code, "Choose at least one" in answer.content.decode()) == (409, True)


def test_a_petition_is_approved_after_its_letter_was_seen(enter: Any, waiting: Callable[..., int]) -> None:
    client, number = enter("moderator"), waiting()
    page = client.get(f"/en/office/petitions/{number}/approve").content.decode()
    assert "was checked and is open" in page
    assert state_of(number) == "moderation"  # seeing it decides nothing
    answer = client.post(f"/office/petitions/{number}/approve", {"do": "decide", "letter": "Dear Ada, it is open."})
    assert (answer.status_code, state_of(number)) == (303, "open")
    assert Letter.objects.get(once__startswith="decision/").body == "Dear Ada, it is open."


def test_b52_a_refusal_shows_the_letter_first_and_needs_a_reason(enter: Any, waiting: Callable[..., int]) -> None:
    client, number = enter("moderator"), waiting()
    address = f"/en/office/petitions/{number}/reject"
    answer = client.post(address, {"note": "Hm.", "do": "decide"})
    assert (answer.status_code, state_of(number)) == (409, "moderation")
    assert "Hm." in answer.content.decode()
    seen = client.post(address, {"code": "unclear", "note": "Say which path."}).content.decode()
    assert (state_of(number), "Say which path." in seen, "Refuse it" in seen) == ("moderation", True, True)
    assert client.post(address, {"code": "unclear", "note": "Say which path.", "do": "decide"}).status_code == 303
    assert Petition.objects.get().reason_note == "Say which path."
    page = client.get(f"/en/office/petitions/{number}").content.decode()
    assert "Until then the decision can be taken back." in page
    assert client.post(f"/office/petitions/{number}", {"do": "undo"}).status_code == 303
    assert state_of(number) == "moderation"


def test_b57_a_colleague_sees_who_works_on_it_and_takes_over(enter: Any, waiting: Callable[..., int]) -> None:
    number = waiting()
    kim, lee = enter("moderator", "kim"), enter("moderator", "lee")
    kim.post(f"/office/petitions/{number}", {"do": "claim"})
    page = lee.get(f"/en/office/petitions/{number}").content.decode()
    assert "kim@example.org works on it" in page
    assert "Approve…" not in page
    answer = lee.post(f"/en/office/petitions/{number}/approve", {"do": "decide"})
    assert (answer.status_code, "kim@example.org works on this petition" in answer.content.decode()) == (409, True)
    assert lee.post(f"/office/petitions/{number}", {"do": "claim"}).status_code == 409
    assert lee.post(f"/office/petitions/{number}", {"do": "claim", "over": "yes"}).status_code == 303
    assert lee.post(f"/office/petitions/{number}/approve", {"do": "decide"}).status_code == 303


def test_found_passages_and_typed_words_are_masked(enter: Any, waiting: Callable[..., int]) -> None:
    client, number = enter("moderator"), waiting()
    page = client.get(f"/office/petitions/{number}").content.decode()
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    place = re.search(r'name="passage" value="([^"]+)"', page)
    assert seen is not None
    assert place is not None
    given = {"do": "mask", "seen": seen[1], "code": "personal-data", "passage": place[1], "words": "path"}
    assert client.post(f"/office/petitions/{number}", given).status_code == 303
    petition = Petition.objects.get()
    assert petition.title == "Open the river ■■■ to bicycles"
    assert petition.body == "Call me at ■■■.\n\nThe ■■■ is wide enough."
    assert client.post(f"/office/petitions/{number}", given).status_code == 409  # the text is another by now
    client.post(f"/office/petitions/{number}/approve", {"do": "decide"})
    public = client.get(f"/en/petitions/{number}").content.decode()
    assert "The office took 3 passages out" in public
    assert bytes(Mask.objects.first().commitment).hex() in public  # type: ignore[union-attr]
    assert "010-1234-5678" not in public
    data = client.get(f"/petitions/{number}.json").json()["data"]["attributes"]
    assert [each["code"] for each in data["masked"]] == ["personal-data"] * 3
    assert {each["commitment"] for each in data["masked"]} == {
        bytes(mask.commitment).hex() for mask in Mask.objects.all()
    }


def test_b54_two_people_take_a_petition_down_and_b59_it_is_gone(enter: Any, waiting: Callable[..., int]) -> None:
    number = waiting()
    kim, lee, park = enter("moderator", "kim"), enter("moderator", "lee"), enter("operator", "park")
    kim.post(f"/office/petitions/{number}/approve", {"do": "decide"})
    kim.post(f"/office/petitions/{number}/remove", {"do": "decide", "code": "personal-data"})
    page = kim.get("/office/second").content.decode()
    found = re.search(r'name="id" value="(\d+)"', page)
    assert found is not None
    assert "Agree" not in page
    assert kim.post("/office/second", {"id": found[1], "do": "agree"}).status_code == 409
    assert kim.get(f"/petitions/{number}").status_code == 200
    assert lee.post("/office/second", {"id": found[1], "do": "agree"}).status_code == 303
    assert kim.get(f"/petitions/{number}").status_code == 410
    assert kim.get(f"/petitions/{number}.json").status_code == 410
    assert lee.post(f"/office/petitions/{number}", {"do": "restore"}).status_code == 409
    assert park.post(f"/office/petitions/{number}", {"do": "restore"}).status_code == 303
    assert kim.get(f"/petitions/{number}").status_code == 200


def test_an_appeal_goes_from_the_creators_page_to_the_office_and_back(
    enter: Any, client: Client, waiting: Callable[..., int], now: Any
) -> None:
    raised = raising.raise_petition(
        charter=load_preset("bundestag"),
        draft=raising.Draft(title=TITLE, body=BODY, language="en"),
        ticket=make_rehearsal_ticket("x" * 32, person="Ada", region="", now=0, assurance=3, age=40),
        nonce=raising.make_nonce(),
        page="{id}{token}",
        salt=bytes(16),
        now=now,
    )
    number, mine = raised.petition_id, f"/en/petitions/{raised.petition_id}/creator/{raised.links.creator}"
    client.post(mine, {"do": "confirm"})
    kim, park = enter("moderator", "kim"), enter("operator", "park")
    code = load_preset("bundestag").rejection_reasons[0].code
    kim.post(f"/office/petitions/{number}/reject", {"do": "decide", "code": code})
    assert "Why the decision is wrong" in client.get(mine).content.decode()
    assert client.post(mine, {"do": "appeal", "text": ""}).status_code == 303
    client.post(mine, {"do": "appeal", "text": "It asks for something else."})
    assert "It is being looked at." in client.get(mine).content.decode()
    assert "The creator appealed" in client.get(f"/en/petitions/{number}").content.decode()
    page = park.get("/office/second").content.decode()
    assert "It asks for something else." in page
    found = re.search(r'name="id" value="(\d+)"', page)
    assert found is not None
    assert kim.post("/office/second", {"id": found[1], "do": "uphold", "text": "Yes"}).status_code == 409
    assert park.post("/office/second", {"id": found[1], "do": "uphold", "text": ""}).status_code == 409
    assert park.post("/office/second", {"id": found[1], "do": "uphold", "text": "You are right."}).status_code == 303
    assert "You are right." in client.get(mine).content.decode()
    assert state_of(number) == "moderation"


def test_a_creator_is_blocked_for_thirty_days_on_the_record(enter: Any, waiting: Callable[..., int]) -> None:
    client, number = enter("moderator"), waiting()
    client.post(f"/office/petitions/{number}", {"do": "block"})
    assert BlockedCreator.objects.count() == 1
    assert AuditRecord.objects.latest("number").action == "creator-blocked"


@pytest.mark.parametrize("role", ["clerk", "auditor"])
def test_who_does_not_decide_sees_everything_and_changes_nothing(
    enter: Any, waiting: Callable[..., int], role: str
) -> None:
    number, client = waiting(), enter(role)
    page = client.get(f"/en/office/petitions/{number}").content.decode()
    assert TITLE in page
    assert "Approve…" not in page
    before = AuditRecord.objects.count()
    for do in ("claim", "flag", "mask", "unmask", "undo", "restore", "block"):
        assert client.post(f"/office/petitions/{number}", {"do": do}).status_code in (303, 409), do
    for kind in ("approve", "reject", "hide", "remove"):
        assert client.post(f"/office/petitions/{number}/{kind}", {"do": "decide"}).status_code == 403
    token = shown(client.get("/office?show=waiting").content)
    assert client.post("/office", {"shown": token, "id": [str(number)], "do": "claim"}).status_code == 403
    assert (state_of(number), AuditRecord.objects.count()) == ("moderation", before)


@pytest.mark.parametrize("number", ["0", "x", "999999", "1e3", "9" * 30])
def test_a_number_that_is_nobodys(enter: Any, number: str) -> None:
    client = enter("moderator")
    for tail in ("", "/approve", "/nonsense"):
        assert client.get(f"/office/petitions/{number}{tail}").status_code in (400, 404)


@pytest.mark.parametrize(
    "given",
    [
        {"do": "note", "text": ""},
        {"do": "note", "text": "\0"},
        {"do": "note", "text": "x" * 6_000},
        {"do": "mask", "passage": "body:9-3", "seen": "x"},
        {"do": "mask", "passage": "\0", "words": "\0"},
        {"do": "mask", "passage": "body:" + "9" * 18 + "-" + "9" * 18},
        {"do": "nonsense"},
        {},
    ],
)
def test_bad_input_is_a_page_that_says_so(enter: Any, waiting: Callable[..., int], given: dict[str, str]) -> None:
    client, number = enter("moderator"), waiting()
    assert client.post(f"/office/petitions/{number}", given).status_code in (303, 409)
    assert Petition.objects.get().body == BODY


def test_without_the_forms_token_nothing_is_done(waiting: Callable[..., int], enter: Any) -> None:
    number = waiting()
    client = enter("moderator")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(f"/office/petitions/{number}", {"do": "claim"}).status_code == 403
    assert Case.objects.count() == 0


def test_the_pages_are_well_made_and_below_60_kb(enter: Any, waiting: Callable[..., int]) -> None:
    client = enter("operator")
    numbers = [waiting(person=f"p{n}", title=f"{TITLE} {n}", body=BODY + "\n\nA sentence." * 200) for n in range(40)]
    kim = enter("moderator", "kim")
    kim.post(f"/office/petitions/{numbers[0]}/approve", {"do": "decide"})
    kim.post(f"/office/petitions/{numbers[0]}/remove", {"do": "decide", "code": "personal-data"})
    pages = ["/office", "/office?show=mine", f"/office/petitions/{numbers[1]}", f"/office/petitions/{numbers[0]}"]
    pages += [f"/office/petitions/{numbers[1]}/{kind}" for kind in ("approve", "reject", "hide")]
    pages += ["/office/second", "/moderation"]
    for language, path in itertools.product(("ko", "en"), pages):
        answer = client.get(f"/{language}{path}")
        assert answer.status_code == 200, (language, path)
        assert len(answer.content) < 60_000, (language, path, len(answer.content))
        check_markup(path, answer.content.decode(), language)


def test_moderation_statistics_are_public(enter: Any, client: Client, waiting: Callable[..., int]) -> None:
    number = waiting()
    kim = enter("moderator")
    kim.post(f"/office/petitions/{number}/reject", {"do": "decide", "code": "unclear"})
    answer = client.get("/en/moderation")
    assert answer.status_code == 200
    assert answer.cookies == {}
    assert "Refused, text public" in answer.content.decode()
    assert 'href="/moderation.json"' in answer.content.decode()


def test_moderation_statistics_are_data_too(enter: Any, client: Client, waiting: Callable[..., int]) -> None:
    number, _ = waiting(), waiting(title="Longer opening hours", person="Eve")
    enter("moderator").post(f"/office/petitions/{number}/reject", {"do": "decide", "code": "unclear"})
    answer = client.get("/moderation.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    figures = answer.json()["data"]["attributes"]
    assert (figures["opened"], figures["rejected"], figures["hidden"], figures["waiting"]) == (0, 1, 0, 1)
    assert [(each["code"], each["count"]) for each in figures["rejection_reasons"]] == [("unclear", 1)]
    assert set(figures["rejection_reasons"][0]["reason"]) == {"ko", "en"}
    assert (figures["days"], figures["median_hours"], figures["masked_passages"]) == (365, 0, [])
    assert client.get("/ko/moderation.json").status_code == 404
    assert client.post("/moderation.json").status_code == 405
