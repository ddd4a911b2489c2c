"""The picture beside a petition's address: of the right size, few bytes, legible, the same on every machine."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from PIL import Image
from tests.web.samples import TITLE, make_obligation, make_petition, make_threshold

from maninso.petitions.lifecycle import Reason, remove_petition
from maninso.web.api.embeds import make_card
from maninso.web.shared.pictures import Card, can_write, draw_card, fit, wrap

CARD = Card(TITLE, "서명 진행 중", "183,412", "명", "기준 200,000명의 91.7%", 917, "만인소 · petitions.example.org")
MOST_BYTES = 60_000
PART = slice(100, 340)  # of the height, where the title is


def read(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


def has_ink(picture: bytes) -> bool:
    colours = read(picture).crop((72, PART.start, 1128, PART.stop)).getcolors(100_000)
    return colours is not None and len(colours) > 1


def test_a_picture_is_1200_by_630_and_light() -> None:
    picture = draw_card(CARD)
    assert read(picture).size == (1200, 630)
    assert len(picture) <= MOST_BYTES
    assert has_ink(picture)


def test_a_title_with_letters_that_the_font_lacks_is_left_out() -> None:
    assert can_write("어린이 보호구역, “zebra” crossing – ½ é")
    assert not can_write("図書館")
    assert not has_ink(draw_card(replace(CARD, title="図書館")))


def test_a_long_title_gets_smaller_and_then_is_cut() -> None:
    size, lines = fit(TITLE, width=1056)
    assert (size, len(lines) <= 3) == (64, True)
    size, lines = fit("도서관을 토요일에도 열어 주세요 " * 20, width=1056)
    assert (size, len(lines), lines[-1][-1]) == (46, 3, "…")


def test_lines_break_between_words_and_a_word_that_is_too_long_within() -> None:
    assert wrap("one two three", size=46, width=200) == ["one two", "three"]
    pieces = wrap("a" * 60, size=46, width=300)
    assert ("".join(pieces), len(pieces) > 3) == ("a" * 60, True)


def test_a_card_says_what_is_owed_and_how_far_it_is() -> None:
    view = make_petition(
        count=200_000, thresholds=(make_threshold(met=True),), obligations=(make_obligation(days_late=3),)
    )
    with translation.override("en"):
        card = make_card(view)
    assert (card.state, card.count, card.unit) == ("Open for signatures · Overdue", "200,000", "signatures")
    assert (card.goal, card.part) == ("100% of the 200,000 needed", 1000)
    with translation.override("ko"):
        assert make_card(view).goal == "기준 200,000명의 100%"


@pytest.mark.django_db
def test_the_page_names_its_picture_and_the_address_sends_it(client: Client, opened: Callable[..., int]) -> None:
    petition = opened()
    page = client.get(f"/en/petitions/{petition}").content.decode()
    address = f"https://petitions.example.org/petitions/{petition}/card.png?lang=en"
    assert f'<meta property="og:image" content="{address}">' in page
    assert '<meta property="og:description" content="Many of us can only study on Sundays.' in page
    answer = client.get(f"/petitions/{petition}/card.png?lang=en")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert "s-maxage=300" in answer.headers["Cache-Control"]
    korean = client.get(f"/petitions/{petition}/card.png?lang=ko")
    assert korean.content != answer.content
    unknown = client.get(f"/petitions/{petition}/card.png?lang=xx")
    assert unknown.content == answer.content  # the petition's own language


@pytest.mark.django_db
def test_what_is_not_public_has_no_picture(client: Client, opened: Callable[..., int], now: Any) -> None:
    petition = opened()
    remove_petition(petition, reason=Reason(code="personal-data"), now=now)
    assert client.get(f"/petitions/{petition}/card.png").status_code == 410
    assert "og:image" not in client.get(f"/en/petitions/{petition}").content.decode()
    assert client.get("/petitions/999/card.png").status_code == 404
