"""Answers in all versions, what signers say of them, bills and laws: in the API, tables, feeds, sitemaps and copies."""

import csv
import dataclasses
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client
from tests.web.outcomes import KIM, LEE, correct_answer, judge, keep_law, publish_answer

from maninso.petitions.discovery import forget_choices
from maninso.petitions.lifecycle import Reason, remove_petition
from maninso.petitions.models import Announcement, Reply
from maninso.petitions.obligations import approve_reply, attach_document, propose_reply, retract_reply, revise_reply
from maninso.petitions.opendata.answered import page_answers
from maninso.petitions.opendata.published import list_published, list_published_bills
from maninso.run.commands.export import make_signer, make_source
from maninso.run.export import export_site
from maninso.run.stream import PATH
from maninso.web.api import outcome_tables

pytestmark = pytest.mark.django_db

HOST = "https://petitions.example.org"
MINUTE = dt.timedelta(minutes=1)


class Came(NamedTuple):
    """A petition with the answer and the law that came of it, by number."""

    petition: int
    answer: int
    bill: int


@pytest.fixture
def came(opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime) -> Came:
    """A petition that was answered in two versions, judged by three signers, and became law; and one that was not."""
    opened(title="Another")
    petition = opened()
    sign(petition, 60)
    seal(now)
    answer = publish_answer(petition, now=now)
    judge(petition, "no", person=1)
    correct_answer(answer, now=now + MINUTE)
    judge(petition, "yes", person=2)
    judge(petition, "yes", person=3)
    forget_choices()
    return Came(petition, answer, keep_law(petition, now=now))


def read(client: Client, path: str) -> Any:
    reply = client.get(f"/api/v1/{path}")
    assert reply.status_code == 200, reply.content
    return reply.json()


def table(client: Client, path: str) -> list[dict[str, str]]:
    assert PATH.fullmatch(path.partition("?")[0])  # it is streamed
    reply = client.get(path)
    assert reply.status_code == 200
    text = b"".join(reply.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_petition_says_what_came_of_it(client: Client, came: Came) -> None:
    body = read(client, f"petitions/{came.petition}")
    assert body["obligations"][0]["verdicts"] == {"yes": 2, "partly": 0, "no": 1, "earlier": 1}
    (bill,) = body["bills"]
    assert (bill["url"], bill["demand"], bill["meets"]) == (f"{HOST}/bills/{came.bill}", "Open on Sundays", "part")
    uk = client.get(f"/petitions/{came.petition}.json").json()["data"]["attributes"]
    assert (uk["bills"], uk["obligations"]) == (body["bills"], body["obligations"])


def test_answers_are_there_in_all_versions(client: Client, came: Came, now: dt.datetime) -> None:
    (answer,) = read(client, f"petitions/{came.petition}/answers")["data"]
    assert [(each["version"], each["details"]) for each in answer["versions"]] == [(2, "From June."), (1, "From May.")]
    assert len({each["digest"] for each in answer["versions"]}) == 2
    assert (answer["id"], answer["retraction"], answer["also_answers"]) == (came.answer, None, [])
    first = read(client, "answers?limit=1")
    second = read(client, first["links"]["next"].removeprefix(f"{HOST}/api/v1/"))
    listed = first["data"] + second["data"]
    assert [(each["version"], each["is_standing"], each["answer"]) for each in listed] == [
        (2, True, came.answer),
        (1, False, came.answer),
    ]
    assert second["links"]["next"] is None
    assert read(client, f"answers?petition={came.petition}")["data"] == listed
    assert read(client, "answers?petition=999999")["data"] == []
    retract_reply(came.answer, reason="It named the wrong month.", actor=KIM, now=now + 2 * MINUTE)
    (answer,) = read(client, f"petitions/{came.petition}/answers")["data"]
    assert (answer["retraction"], len(answer["versions"])) == ("It named the wrong month.", 2)
    assert read(client, f"petitions/{came.petition}")["obligations"][0]["verdicts"] is None
    assert {each["retraction"] for each in read(client, "answers")["data"]} == {"It named the wrong month."}


def test_answers_are_read_in_two_questions_however_many(came: Came, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):  # versions, and the documents of all of them
        assert len(page_answers(limit=10)) == 2


def test_bills_by_filter_and_page_by_page(client: Client, came: Came, now: dt.datetime) -> None:
    ruling = {"act_title": "", "act_number": "", "enacted_on": None, "in_force_on": None, "provisions": []}
    stages = [{"stage": "decided", "on": "2025-01-02"}]
    later = keep_law(came.petition, now=now, number="7", register="court", kind="ruling", stages=stages, **ruling)
    first = read(client, "bills?limit=1")
    second = read(client, first["links"]["next"].removeprefix(f"{HOST}/api/v1/"))
    assert [each["id"] for each in first["data"] + second["data"]] == [later, came.bill]
    for kind, found in (("law", [came.bill]), ("bill", [came.bill]), ("ruling", [later]), ("refusal", [])):
        assert [each["id"] for each in read(client, f"bills?kind={kind}")["data"]] == found
    assert len(read(client, f"bills?petition={came.petition}")["data"]) == 2
    assert read(client, "bills?petition=999999")["data"] == []
    bill = read(client, f"bills/{came.bill}")
    assert bill == second["data"][0]
    assert (bill["is_law"], bill["act_title"], bill["enacted_on"]) == (True, "Library Act", "2024-06-05")
    assert bill["provisions"][1] == {"place": "Article 4", "before": None, "after": "Sundays from noon"}
    assert bill["petitions"][0]["petition"] == came.petition
    for path, status in (("bills/0", 404), ("bills/999999", 404), (f"bills/{'9' * 30}", 404), ("bills/x", 400)):
        reply = client.get(f"/api/v1/{path}")
        assert (reply.status_code, reply.headers["Content-Type"]) == (status, "application/problem+json")
    assert client.get("/api/v1/bills/999999").json()["type"] == "/problems/no-such-bill"


def test_a_title_that_was_taken_down_is_nowhere(client: Client, came: Came, now: dt.datetime) -> None:
    remove_petition(came.petition, reason=Reason(code="personal-data"), now=now)
    assert read(client, f"bills/{came.bill}")["petitions"][0]["title"] is None
    assert {each["petition_title"] for each in read(client, "answers")["data"]} == {None}
    assert client.get(f"/api/v1/petitions/{came.petition}/answers").status_code == 410
    assert table(client, "/bills/petitions.csv")[0]["Title"] == ""
    assert table(client, "/answers.csv")[0]["Title"] == ""


def test_obligations_of_one_institution(client: Client, came: Came) -> None:
    (owed,) = read(client, "obligations?institution=university")["data"]
    assert owed["petition"] == came.petition
    assert client.get("/api/v1/obligations?institution=nobody").json()["errors"] == [
        {"parameter": "institution", "detail": "no petition here has it"}
    ]
    page = client.get("/en/obligations?status=kept&institution=university").content.decode()
    assert 'href="/obligations.csv?institution=university&amp;status=kept"' in page


def test_tables(client: Client, came: Came, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_tables, "BATCH", 1)
    answers = table(client, "/answers.csv")
    assert [(row["Version"], row["Standing"], row["Text"]) for row in answers] == [
        ("2", "yes", "From June."),
        ("1", "no", "From May."),
    ]
    (bill,) = table(client, "/bills.csv")
    assert (bill["Kind"], bill["Act"], bill["Stage"], bill["In Force"]) == (
        "bill",
        "Library Act",
        "in-force",
        "2024-12-06",
    )
    assert table(client, "/bills.csv?kind=ruling") == []
    assert [row["Stage"] for row in table(client, "/bills/stages.csv")] == ["proposed", "in-force"]
    assert [row["Before"] for row in table(client, "/bills/provisions.csv")] == ["on weekdays", ""]
    assert [row["Meets"] for row in table(client, "/bills/petitions.csv")] == ["part"]
    for path in ("/answers", "/bills", "/bills/stages", "/bills/provisions", "/bills/petitions"):
        reply = client.get(f"{path}.parquet")
        assert b"".join(reply.streaming_content)[:4] == b"PAR1"  # type: ignore[attr-defined]
    (owed,) = table(client, "/obligations.csv?institution=university")
    assert (owed["Yes"], owed["Partly"], owed["No"], owed["Earlier"]) == ("2", "0", "1", "1")
    assert (owed["Declined For"], owed["Lapsed For"]) == ("", "")


def test_feeds_of_bills(client: Client, came: Came) -> None:
    body = client.get("/feeds/bills.json").json()
    assert [(item["title"], item["url"]) for item in body["items"]] == [
        ("In force: Bill on libraries", f"{HOST}/bills/{came.bill}"),
        ("Introduced: Bill on libraries", f"{HOST}/bills/{came.bill}"),
    ]
    assert body["items"][0]["content_text"] == "Library Act No. 20117"
    assert len(client.get(f"/feeds/bills.json?petition={came.petition}&kind=law").json()["items"]) == 2
    for other in ("?petition=999999", "?kind=refusal"):
        assert client.get(f"/feeds/bills.json{other}").json()["items"] == []
    own = client.get(f"/feeds/petitions/{came.petition}.json").json()["items"]
    assert "In force: Bill on libraries" in [item["title"] for item in own]
    page = client.get("/ko/bills").content.decode()
    assert 'href="/feeds/bills.atom?lang=ko"' in page


def test_a_stage_that_is_still_to_come_is_not_told(client: Client, came: Came, now: dt.datetime) -> None:
    ahead = (now + dt.timedelta(days=40)).date().isoformat()
    stages = [{"stage": "passed", "on": "2024-06-01"}, {"stage": "in-force", "on": ahead}]
    keep_law(came.petition, now=now, stages=stages, in_force_on=ahead)
    assert [item["title"] for item in client.get("/feeds/bills.json").json()["items"]] == ["Passed: Bill on libraries"]


def test_feeds_of_news(client: Client, came: Came, now: dt.datetime) -> None:
    for text, given in (("We met the rector.", {}), ("Hidden.", {"hidden_at": now, "hidden_by": "x"})):
        more = {"hidden_code": "personal-data"} if given else {}
        Announcement.objects.create(petition_id=came.petition, kind="creator", text=text, at=now, **given, **more)
    for query in ("", "?topic=Libraries", "?institution=university"):
        (item,) = client.get(f"/feeds/updates.json{query}").json()["items"]
        assert (item["content_text"], item["title"]) == ("We met the rector.", "Open the library on Sundays")
    remove_petition(came.petition, reason=Reason(code="personal-data"), now=now)
    assert client.get("/feeds/updates.json").json()["items"] == []


def test_sitemaps_name_bills_and_answers(client: Client, came: Came) -> None:
    def named(part: str) -> list[str]:
        found = ElementTree.fromstring(client.get(f"/sitemaps/{part}.xml").content)
        return [(each.text or "").removeprefix(HOST) for each in found.iter() if each.tag.endswith("loc")]

    assert named("bills") == [f"/bills/{came.bill}"]
    part = str((came.petition - 1) // 5000)
    assert f"/petitions/{came.petition}/answers" in named(part)
    assert len([each for each in named(part) if each.endswith("/answers")]) == 1
    assert "/bills" in named("pages")


def digest_of(petition_id: int, now: dt.datetime) -> str:
    (found,) = [each for each in list_published(now=now) if each.petition_id == petition_id]
    return found.digest


def test_a_copy_notices_whatever_comes_of_a_petition(came: Came, now: dt.datetime) -> None:
    seen = [digest_of(came.petition, now)]
    (bill,) = list_published_bills()
    judge(came.petition, "partly", person=9)
    seen.append(digest_of(came.petition, now))
    keep_law(came.petition, now=now + MINUTE, summary="Now with a summary.")
    seen.append(digest_of(came.petition, now))
    correct_answer(came.answer, now=now + 2 * MINUTE, body="From July.")
    seen.append(digest_of(came.petition, now))
    retract_reply(came.answer, reason="No.", actor=KIM, now=now + 3 * MINUTE)
    seen.append(digest_of(came.petition, now))
    assert len(set(seen)) == 5
    assert list(list_published_bills()) != [bill]
    assert digest_of(came.petition, now) == seen[-1]


@pytest.fixture
def export(client: Client, tmp_path: Path, now: dt.datetime) -> Callable[[], Path]:
    """Write a copy of the site, or bring it up to date; returns its folder."""
    folder = tmp_path / "copy"

    def ask(path: str, query: str) -> tuple[int, bytes]:
        reply = client.get(f"{path}?{query}" if query else path)
        return reply.status_code, b"".join(reply) if reply.streaming else reply.content

    def write() -> Path:
        source = dataclasses.replace(make_source(settings.MANINSO, now=now), ask=ask)
        export_site(folder, source, signer=make_signer(settings.MANINSO), now=now)
        return folder

    return write


@pytest.mark.usefixtures("few_pages")
def test_a_copy_has_answers_their_documents_and_bills(came: Came, export: Callable[[], Path], now: dt.datetime) -> None:
    plan = b"%PDF-1.7\nOpening hours"
    revise_reply(came.answer, actor=KIM, now=now)
    seen = Reply.objects.get(pk=came.answer).revision
    seen = attach_document(came.answer, title="The plan", content=plan, seen=seen, actor=KIM, now=now)
    propose_reply(came.answer, seen=seen, actor=KIM, now=now)
    approve_reply(came.answer, seen=seen, actor=LEE, now=now)
    folder = export()
    answers = (folder / f"en/petitions/{came.petition}/answers/index.html").read_text()
    assert "From May." in answers
    bill = folder / f"en/bills/{came.bill}/index.html"
    assert f'href="/en/petitions/{came.petition}"' in bill.read_text()
    assert f'href="/en/bills/{came.bill}"' in (folder / "en/bills/index.html").read_text()
    assert f'href="/en/bills/{came.bill}"' in (folder / f"en/petitions/{came.petition}/index.html").read_text()
    for name in ("answers.csv", "bills.csv", "bills/stages.csv", "feeds/bills.atom", "sitemaps/bills.xml"):
        assert (folder / name).exists()
    (document,) = (folder / "documents").iterdir()
    assert document.read_bytes() == plan
    for language in ("ko", "en"):
        page = (folder / f"{language}/petitions/{came.petition}/index.html").read_text()
        assert f'href="/documents/{document.name}"' in page
    before = bill.stat().st_mtime_ns
    keep_law(came.petition, now=now + MINUTE, summary="Now with a summary.")
    remove_petition(came.petition, reason=Reason(code="personal-data"), now=now + MINUTE)
    export()
    assert "Now with a summary." in bill.read_text()
    assert bill.stat().st_mtime_ns != before
    assert not document.exists()  # though it was the last one
