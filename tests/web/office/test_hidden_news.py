"""A creator's news on the desk and in public: hidden with a reason, brought back, and nothing by those who may not."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.web.test_pages import check_markup

from maninso.petitions.models import Announcement

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("language", "said"), [("en", "The office hid what the creator told"), ("ko", "사무국이")])
def test_an_item_is_hidden_with_its_reason_and_brought_back(
    enter: Any, client: Client, opened: Callable[..., int], now: dt.datetime, language: str, said: str
) -> None:
    petition = opened()
    item = Announcement.objects.create(petition_id=petition, kind="creator", text="Ring me on Monday.", at=now)
    kim, desk = enter("moderator"), f"/office/petitions/{petition}"
    assert "Ring me on Monday." in client.get(f"/{language}/petitions/{petition}").content.decode()
    given = {"do": "hide-news", "news": str(item.pk), "code": "personal-data", "note": "A telephone number."}
    assert kim.post(desk, given).status_code == 303
    page = client.get(f"/{language}/petitions/{petition}").content.decode()
    assert ("Ring me on Monday." in page, said in page, "A telephone number." in page) == (False, True, True)
    check_markup("tombstone", page, language)
    check_markup("desk", kim.get(f"/{language}{desk}").content.decode(), language)
    assert kim.post(desk, {"do": "bring-news-back", "news": str(item.pk)}).status_code == 303
    assert "Ring me on Monday." in client.get(f"/{language}/petitions/{petition}").content.decode()


@pytest.mark.parametrize(
    "given",
    [
        {"do": "hide-news", "news": "{item}", "code": "because"},
        {"do": "hide-news", "news": "{item}", "code": ""},
        {"do": "hide-news", "news": "999999", "code": "personal-data"},
        {"do": "hide-news", "news": "x", "code": "personal-data"},
        {"do": "hide-news", "news": "{item}", "code": "personal-data", "note": "\0"},
        {"do": "bring-news-back", "news": "{item}"},
    ],
)
def test_what_cannot_be_is_said(
    enter: Any, opened: Callable[..., int], now: dt.datetime, given: dict[str, str]
) -> None:
    petition = opened()
    item = Announcement.objects.create(petition_id=petition, kind="creator", text="Ring me.", at=now)
    given = {key: value.format(item=item.pk) for key, value in given.items()}
    assert enter("operator").post(f"/office/petitions/{petition}", given).status_code == 409
    assert Announcement.objects.get().hidden_at is None


def test_a_clerk_hides_nothing(enter: Any, opened: Callable[..., int], now: dt.datetime) -> None:
    petition = opened()
    item = Announcement.objects.create(petition_id=petition, kind="creator", text="Ring me.", at=now)
    given = {"do": "hide-news", "news": str(item.pk), "code": "personal-data"}
    assert enter("clerk").post(f"/office/petitions/{petition}", given).status_code == 409
    assert Announcement.objects.get().hidden_at is None
