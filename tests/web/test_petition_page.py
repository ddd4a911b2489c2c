"""A petition's page in each state: what it shows, and what it does not."""

import datetime as dt

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation
from tests.web.reading import Page
from tests.web.samples import (
    CLOSES,
    NOW,
    TITLE,
    imported_petition,
    make_answer,
    make_ledger,
    make_obligation,
    make_petition,
    make_response,
    make_threshold,
)

from maninso.charter import load_preset
from maninso.petitions.access import BillView, ExtensionView, PetitionView
from maninso.petitions.access.views import StageView
from maninso.web.pages.petitions import render_petition

VERSION = load_preset("blue-house-2019").digest.hex()[:12]
MET = make_threshold(met=True, met_at=dt.datetime(2026, 11, 12, 4, 20, tzinfo=dt.UTC), met_leaf=200_121)


def render(view: PetitionView, language: str = "en") -> tuple[int, Page]:
    with translation.override(language):
        answer = render_petition(RequestFactory().get(f"/petitions/{view.petition_id}"), view, now=NOW)
    assert isinstance(answer, HttpResponse)
    return answer.status_code, Page(answer.content.decode())


def test_open_petition_in_english() -> None:
    status, page = render(make_petition())
    assert status == 200
    assert page.all("h1") == [{"lang": "ko"}]
    for said in (
        "Open for signatures",
        "183,412 signatures",
        "91.7%",
        "16,588 more to 200,000",
        "9 days",
        "30 November 2026",
        "Signed 183,626 − void 214 = 183,412",
        "The ledger has 183,841 entries. Last sealed 21 November 2026, 11:59:41 KST .",
        "maninso verify https://petitions.example.org/petitions/1",
    ):
        assert said in page.text
    links = page.links()
    for link in ("/p/1/log/checkpoint", "/p/1/log/key", f"/charter/blue-house-2019?version={VERSION}"):
        assert link in links
    assert "/identity/rehearsal?petition=1" in links


def test_open_petition_in_korean() -> None:
    _, page = render(make_petition(), "ko")
    for said in ("서명 진행 중", "183,412 명", "기준 200,000명까지 16,588명", "9일", "서명 183,626 − 무효 214"):
        assert said in page.text


def test_what_the_threshold_would_oblige_to_is_said_before_it_is_met() -> None:
    digest = load_preset("university").digest
    view = make_petition(
        charter_id="university", charter_digest=digest, thresholds=(make_threshold(needed=200),), count=3
    )
    _, page = render(view)
    assert "At 200 signatures this is owed:" in page.text
    assert "the office responsible" in page.text


def test_bar_is_made_of_whole_numbers_and_hidden_because_the_text_says_it() -> None:
    _, page = render(make_petition())
    assert page.all("svg")[0]["aria-hidden"] == "true"
    assert [part["width"] for part in page.all("rect")][:2] == ["1000", "917"]


def test_sign_box_comes_before_the_text() -> None:
    _, page = render(make_petition())
    marks = [attributes.get("id") or attributes.get("class") for _, attributes in page.elements]
    assert marks.index("h-count") < marks.index("h-sign") < marks.index("prose") < marks.index("h-ledger")


def test_without_rehearsal_the_button_leads_to_the_ways_to_prove_who_one_is(settings: pytest.FixtureRequest) -> None:
    import dataclasses

    settings.MANINSO = dataclasses.replace(settings.MANINSO, rehearsal=False)  # type: ignore[attr-defined]
    _, page = render(make_petition())
    assert "/petitions/1/sign" in page.links()
    assert "Rehearsal" not in page.text


def test_one_signature_is_not_a_plural() -> None:
    _, page = render(make_petition(count=1, ledger=make_ledger(size=2, signatures=1, voids=0)))
    assert "1 signature " in page.text
    assert "< 0.1%" in page.text


def test_owed_and_overdue() -> None:
    _, page = render(make_petition(thresholds=(MET,), obligations=(make_obligation(),), count=200_300))
    assert "Due by 30 December 2026" in page.text
    said = "Entry 200,121 of the ledger met the threshold of 200,000 on 12 November 2026, 13:20:11 KST , when"
    assert f"{said} the count reached 200,000." in page.text
    late = make_obligation(due_on=dt.date(2026, 11, 9), days_late=12)
    _, page = render(make_petition(thresholds=(MET,), obligations=(late,)))
    assert "12 days late" in page.text
    assert "It was due by 9 November 2026" in page.text
    _, page = render(make_petition(obligations=(make_obligation(due_on=None),)), "ko")
    assert "정해진 기한 없음" in page.text


def test_answer_stands_on_the_page_in_its_language() -> None:
    kept = make_obligation(state="kept", settled_at=dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC))
    answer = make_response(language="en", body="We will.\n\nFrom March.", version=2)
    _, page = render(
        make_petition(
            obligations=(make_obligation(state="kept", settled_at=kept.settled_at, response=answer),),
            answers=(make_answer(answer),),
        )
    )
    for said in ("Answered", "The promise was kept.", "환경부 장관 answered", "version 2", "We will.", "From March."):
        assert said in page.text


def test_an_answer_that_was_taken_back_says_why_and_shows_no_words() -> None:
    back = make_answer(make_response(), retracted_at=NOW, retraction="It was about another street.")
    _, page = render(make_petition(obligations=(make_obligation(),), answers=(back,)))
    assert "The institution took this answer back" in page.text
    assert "It was about another street." in page.text
    assert "시범으로" not in page.text


def test_a_moved_day_says_why() -> None:
    moved = ExtensionView(dt.date(2026, 11, 30), dt.date(2026, 12, 30), "Two ministries have to agree.", NOW)
    _, page = render(make_petition(obligations=(make_obligation(extended=1, extensions=(moved,)),)))
    assert "The day was moved from 30 November 2026 to 30 December 2026 ." in page.text
    assert "Two ministries have to agree." in page.text


def test_lapsed_says_what_undid_it() -> None:
    given = {"settled_at": NOW, "undone_leaf": 200_417, "undone_count": 199_999}
    _, page = render(make_petition(obligations=(make_obligation(state="lapsed", **given),)))
    for said in (
        "Lapsed",
        "Void signatures then took the count below the 200,000 needed: entry 200,417 of the ledger left 199,999.",
        "If the threshold is met again, this is owed again.",
    ):
        assert said in page.text
    kept = make_obligation(state="kept", response=make_response(), **given)
    _, page = render(make_petition(obligations=(kept,)))
    assert "took the count below" in page.text
    assert "owed again" not in page.text


def test_declined_says_why() -> None:
    declined = make_obligation(
        state="declined", settled_at=NOW, decline_reason="before-a-court", decline_note="It is before a court."
    )
    _, page = render(make_petition(obligations=(declined,)))
    assert "The institution declined, with a reason." in page.text
    assert "before-a-court – It is before a court." in page.text


def test_imported_petition_has_no_ledger_and_no_button() -> None:
    status, page = render(imported_petition())
    assert status == 200
    assert "This petition comes from the presidential petition site" in page.text
    assert "What the rules would have owed" in page.text
    assert "due by 30 December 2026" in page.text
    assert "It is not a debt that this site recorded." in page.text
    assert not [link for link in page.links() if "/log/" in link or "rehearsal" in link]


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        ("gathering", 200, "is gathering its first supporters"),
        ("moderation", 200, "is being checked against the rules"),
        ("hidden", 410, "The text of this petition is hidden."),
        ("removed", 410, "This petition was removed."),
    ],
)
def test_without_a_public_text(state: str, status: int, said: str) -> None:
    early = {"opened_at": None, "closes_at": None, "ledger": None, "count": 0} if status == 200 else {}
    reason = (
        {"reason_code": "personal-data", "reason": {"ko": "개인정보", "en": "Personal data"}} if early == {} else {}
    )
    got, page = render(make_petition(state=state, title="", body="", topic="", **early, **reason))
    assert got == status
    assert said in page.text
    assert "Petition 1" in page.text
    assert TITLE not in page.text
    assert ("Personal data" in page.text) is bool(reason)
    assert "/identity/rehearsal?petition=1" not in page.links()


def test_rejected_gives_the_reason_and_the_way_on() -> None:
    view = make_petition(
        state="rejected",
        opened_at=None,
        closes_at=None,
        ledger=None,
        count=0,
        reason_code="duplicate",
        reason={"en": "There is one already"},
        reason_note="청원 7",
    )
    _, page = render(view, "ko")
    assert "There is one already" in page.text
    assert "청원 7" in page.text
    assert {"lang": "en"} in page.all("span")
    assert "/petitions/new" in page.links()


def test_closed_says_that_the_count_can_still_be_checked() -> None:
    _, page = render(make_petition(state="closed", closed_at=NOW))
    assert "Signing has ended." in page.text
    assert "/p/1/log/checkpoint" in page.links()


def test_regions_and_other_thresholds_stand_in_text() -> None:
    thresholds = (
        MET,
        make_threshold(
            threshold_id="debate", label={"en": "Debate"}, needed=1_000_000, regions_met=3, regions_needed=7
        ),
    )
    _, page = render(make_petition(thresholds=thresholds))
    assert "3 of 7 needed" in page.text
    assert "Other thresholds" in page.text


def test_what_people_write_is_text_and_never_markup() -> None:
    evil = '<script>alert(1)</script>"\'><img src=x onerror=y>{{ 7 }}{% now "Y" %}<j>이/가</j>'
    view = make_petition(title=evil, body=evil, creator_name=evil, topic=evil, reason_note=evil, state="rejected")
    for language in ("ko", "en"):
        _, page = render(view, language)
        assert page.all("script") == []
        assert [image for image in page.all("img") if image["src"] == "x"] == []
        assert page.all("j") == []
        assert evil in " ".join(page.texts)


def test_the_sheet_that_is_printed_has_the_address_and_its_code() -> None:
    _, page = render(make_petition())
    assert len(page.all("div", class_="onpaper")) == len(page.all("svg", class_="qr")) == 1
    assert "https://petitions.example.org/petitions/1 Read and sign it here." in page.text
    _, closed = render(make_petition(state="closed", closed_at=CLOSES))
    assert "https://petitions.example.org/petitions/1 Read it here." in closed.text


def test_once_signing_ended_the_bar_is_that_of_the_threshold_which_was_met() -> None:
    thresholds = (make_threshold(needed=10_000, met=True, met_at=NOW), make_threshold(needed=1_000_000))
    _, page = render(make_petition(thresholds=thresholds))
    assert "816,588 more to 1,000,000" in page.text
    _, closed = render(make_petition(thresholds=thresholds, state="closed", closed_at=CLOSES))
    assert "Over the 10,000 needed" in closed.text


def test_what_is_late_stands_before_what_may_come() -> None:
    late = make_obligation(days_late=3, due_on=dt.date(2026, 11, 18))
    thresholds = (make_threshold(needed=10_000, met=True, met_at=NOW), make_threshold(needed=1_000_000))
    _, page = render(make_petition(thresholds=thresholds, obligations=(late,)))
    assert page.text.index("Answer overdue") < page.text.index("Threshold · 1,000,000")


def test_the_live_number_is_only_where_signatures_are_taken() -> None:
    _, page = render(make_petition())
    (number,) = page.all("p", class_="num")
    assert (number["data-count"], number["data-needed"]) == ("/petitions/1/count.json", "200000")
    _, closed = render(make_petition(state="closed", closed_at=CLOSES))
    assert "data-count" not in closed.all("p", class_="num")[0]
    assert closed.all("script") == []


def test_a_courts_steps_say_that_they_are_a_courts() -> None:
    ruling = BillView(
        **dict.fromkeys(("register", "number", "body", "proposer", "summary", "address"), "x"),
        **dict.fromkeys(("act_title", "act_number", "demand", "meets"), ""),
        bill_id=1,
        kind="ruling",
        title="Punctuality is public",
        language="en",
        enacted_on=None,
        in_force_on=None,
        stages=(StageView("filed", dt.date(2026, 11, 5), ""), StageView("decided", dt.date(2026, 11, 9), "")),
    )
    _, page = render(make_petition(bills=(ruling,)))
    assert page.text.index("Brought before the court") < page.text.index("The court decided")
